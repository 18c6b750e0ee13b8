import LibAV
import Tape
import TransportStream

/// What comes in: the source's pictures and sound, each on its way to the multiplexer at its time.
extension LiveDesk {
  /// Pictures are not queued further than this ahead of the lead.
  private static let longestQueue = Ticks.milliseconds(500)

  /// What the source has delivered.
  func take(_ event: LiveSink.Event) throws {
    guard event.isPlausible else { return }
    if hasEnded, !event.isEnd {
      hasEnded = false
      forgetHeld()
    }
    switch event {
    case .picture(let frame, .captured(let date)):
      let due = frames.place(clock.air(date), arrival: now)
      let begun = clock.now
      try show(frame, dts: due.count / 300)
      if let stages, let source = delivery.timings {
        let sent = clock.steady(mux.date(at: now))
        stages.note(captured: date, source: source, begun: begun, encoding: encoding, sent: sent)
      }
    case .sound(let frame, .captured(let date)):
      hear(frame, at: clock.air(date))
    case .picture(_, .stamped(let pts, let arrival)):
      hold(event, units.place(.ninetyKilohertz(pts), arrival: clock.air(arrival)))
    case .sound(_, .stamped(let pts, let arrival)):
      hold(event, units.place(.ninetyKilohertz(pts), arrival: clock.air(arrival), leads: pictures == nil))
    case .unit(let unit):
      let leads = pictures == nil || unit.stream == .video
      hold(event, units.place(.ninetyKilohertz(unit.dts), arrival: clock.air(unit.arrival), leads: leads))
    case .ended(let error):
      reason = error?.description ?? "its source has ended"
      frames = LiveTimeline(lead: settings.lead, isSteady: true)
      units = LiveTimeline(lead: settings.lead, isSteady: false)
      lastPicture = nil
      lastSoundAt = nil
      if stage == .frames { stage = .card }
      for sound in sounds { sound.forgetSource() }
      hasEnded = true
    }
  }

  /// Raw sound for every track; one that cannot make anything of it stays silent.
  private func hear(_ frame: LiveSink.HeldFrame, at date: Ticks) {
    lastSoundAt = now
    for sound in sounds { try? sound.take(frame.frame, at: date) }
  }

  private func forgetHeld() {
    held = HeldBack()
    needsKey = true
  }

  private func hold(_ event: LiveSink.Event, _ due: Ticks) {
    if held.isFull { forgetHeld() }
    held.put(event, due: due)
  }

  /// Sends what was held back until its time.
  func release() throws {
    let horizon = mux.date(at: now) + settings.lead
    while let (due, event) = held.next(until: horizon) {
      let dts = due.count / 300
      switch event {
      case .picture(let frame, _): try show(frame, dts: dts)
      case .sound(let frame, _): hear(frame, at: due - settings.lead)
      case .unit(let unit) where unit.stream == .video: try copy(unit, dts: dts)
      case .unit(let unit): try copySound(unit, pts: dts + unit.pts - unit.dts)
      case .ended: break
      }
    }
  }

  private func show(_ frame: LiveSink.HeldFrame, dts: Int64) throws {
    guard let pictures else { return }
    if stage != .frames {
      stage = .frames
      let (width, height) = (frame.frame.width, frame.frame.height)
      try pictures.change(to: .init(fitting: width, height, rate: pictures.size.rate))
      pictures.requestKey()
    }
    (lastPicture, lastPictureAt) = (frame, now)
    try encode(frame, dts: dts)
  }

  /// Shows a picture of our own encoder.
  func encode(_ frame: LiveSink.HeldFrame, dts: Int64) throws {
    guard dts > lastDTS, dts > lastPTS else { return }
    let begun = clock.now
    try pictures?.encode(frame.frame, pts: dts) { pts, isKey, bytes in
      encoding = clock.now - begun
      // After a standstill in the middle of it: what would come too late is left out, and what builds on it too.
      let datagrams = Int64(bytes.count / (TSPacket.perDatagram * (TSPacket.size - 4)) + 2)
      let latest = Ticks.ninetyKilohertz(pts) - LiveMux.fastest * datagrams
      try sendPicture(pts: pts, dts: pts, isKey: isKey, bytes: bytes, before: latest)
    }
  }

  private func copy(_ unit: LiveUnit, dts: Int64) throws {
    guard pictures != nil else { return }
    let pts = dts + unit.pts - unit.dts
    if stage != .units || needsKey {
      guard unit.isKey, dts > lastDTS, pts > lastPTS else { return }
      stage = .units
      firstPTS = pts
      needsKey = false
    }
    guard dts > lastDTS, pts >= firstPTS, pts >= dts else { return }
    lastPictureAt = now
    try sendPicture(pts: pts, dts: dts, isKey: unit.isKey, bytes: unit.bytes)
  }

  /// - Parameter latest: from then on the picture is not sent.
  private func sendPicture(pts: Int64, dts: Int64, isKey: Bool, bytes: [UInt8], before latest: Ticks? = nil) throws {
    let unit = PESPacket(pid: PID.video, streamID: 0xE0, pts: pts, dts: dts, isKey: isKey, bytes: bytes)
    let now = now
    // More than fits the time there is: what is queued has to go out first.
    let end = now + settings.lead + LiveDesk.longestQueue
    guard try mux.send(unit, at: now, if: { $0 < min(end, latest ?? end) }) else {
      pictures?.requestKey()
      needsKey = true
      return
    }
    lastDTS = dts
    lastPTS = max(lastPTS, pts)
  }

  private func copySound(_ unit: LiveUnit, pts: Int64) throws {
    guard case .audio(let index) = unit.stream, sounds.indices.contains(index) else { return }
    lastSoundAt = now
    if let packet = sounds[index].copy(unit.bytes, pts: pts, duration: unit.duration) {
      try mux.send(packet, at: now)
    }
  }
}

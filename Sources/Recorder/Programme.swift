import LibAV
import Tape

/// A programme between the two passes: what was recorded, laid out in the time of its tape, with fillers for what is
/// missing.
struct Programme {
  /// 90 kHz.
  let duration: Int64
  /// Those of each of the tape's streams, in the order of their DTS.
  let packets: [[ElementaryPacket]]
  let streams: [StreamParameters]

  init(_ source: Source, _ fillers: Fillers, _ spool: inout Spool) throws {
    var packets: [[ElementaryPacket]] = []
    var streams: [StreamParameters] = []
    let sound = source.sound.map { $0.flatMap { $0.units.isEmpty ? nil : $0 } }
    let timeline = source.picture.flatMap { PictureTimeline($0.units, usual: source.usualPicture) }

    let start: Int64
    if let timeline, let picture = source.picture {
      if timeline.longestPause > HouseTime.longestPause, !source.fillsPauses {
        throw PictureNeedsTranscoding(hasPauses: true)
      }
      if timeline.reordering > HouseTime.mostReordering, picture is PictureCopier { throw PictureNeedsTranscoding() }
      start = timeline.start
      duration = timeline.duration
      packets.append(timeline.packets)
      streams.append(StreamParameters(try picture.parameters(), language: nil))
    } else {
      if source.picture is PictureCopier { throw PictureNeedsTranscoding() }
      guard let lead = sound.indices.first(where: { sound[$0] != nil }), let track = sound[lead] else {
        throw RecorderError(.badMedia, "nothing in it could be decoded")
      }
      start = track.start ?? 0
      let length = Programme.length(fillers.house.audio[lead], source.frames[lead], track.units)
      let row = AudioTimeline.fit(
        track.units, length: length, start: start, duration: nil, silence: Extent(offset: 0, size: 0))
      let heard = row.last.map { $0.pts + $0.duration } ?? 0
      if fillers.house.video != nil {
        let card = try fillers.card(&spool)
        let pictures = max(1, (heard + card.pictureDuration - 1) / card.pictureDuration)
        duration = pictures * card.pictureDuration
        packets.append(Programme.cards(card, count: pictures))
        streams.append(card.parameters)
      } else {
        duration = heard
      }
    }
    guard duration >= HouseTime.shortest else {
      throw RecorderError(.badMedia, "it lasts for \(duration / 90) ms only")
    }

    for index in fillers.house.audio.indices {
      let stream = streams.count
      if let track = sound[index] {
        let length = Programme.length(fillers.house.audio[index], source.frames[index], track.units)
        let silence = try? fillers.silence(index, length: length, &spool)
        let row = AudioTimeline.fit(
          track.units, length: length, start: start, duration: duration,
          silence: silence?.frame == length ? silence?.payload : nil)
        packets.append(AudioTimeline.packets(row, stream: stream))
        streams.append(StreamParameters(try track.parameters(), language: fillers.house.audio[index].language))
      } else {
        let silence = try fillers.silence(index, &spool)
        let row = AudioTimeline.fit(
          [], length: silence.frame, start: 0, duration: duration, silence: silence.payload)
        packets.append(AudioTimeline.packets(row, stream: stream))
        streams.append(silence.parameters)
      }
    }
    self.packets = packets
    self.streams = streams
  }

  /// The card and silence for about so long: 90 kHz.
  init(standing length: Int64, _ fillers: Fillers, _ spool: inout Spool) throws {
    var packets: [[ElementaryPacket]] = []
    var streams: [StreamParameters] = []
    var duration = length
    if fillers.house.video != nil {
      let card = try fillers.card(&spool)
      let pictures = max(1, (length + card.pictureDuration - 1) / card.pictureDuration)
      duration = pictures * card.pictureDuration
      packets.append(Programme.cards(card, count: pictures))
      streams.append(card.parameters)
    } else if let audio = fillers.house.audio.first {
      // The radio: whole frames of its first track.
      let frame = SoundSettings(audio).frame
      duration = frame.ticks((length + frame.ticks(1) - 1) / frame.ticks(1))
    }
    for index in fillers.house.audio.indices {
      let silence = try fillers.silence(index, &spool)
      let row = AudioTimeline.fit([], length: silence.frame, start: 0, duration: duration, silence: silence.payload)
      packets.append(AudioTimeline.packets(row, stream: streams.count))
      streams.append(silence.parameters)
    }
    (self.duration, self.packets, self.streams) = (duration, packets, streams)
  }

  /// A frame's length as the container says it, or else the codec, and as the timestamps confirm it.
  private static func length(
    _ format: HouseFormat.Audio, _ samples: Int, _ units: [Unit]
  ) -> AudioFrameLength {
    let usual = SoundSettings(format).frame.samples
    return AudioFrameLength(samples: samples > 0 ? Int64(samples) : usual, rate: Int64(format.sampleRate))
      .corrected(by: units)
  }

  /// The card's group of pictures over and over.
  private static func cards(_ card: Fillers.Card, count: Int64) -> [ElementaryPacket] {
    (0..<count).map { index in
      let picture = card.group[Int(index % Int64(card.group.count))]
      let pts = index * card.pictureDuration + HouseTime.lead
      return ElementaryPacket(
        stream: 0, pts: pts, dts: pts - HouseTime.reorder, isKey: picture.isKey, size: picture.payload.size,
        payloads: [picture.payload])
    }
  }
}

import SyntheticTape
import Testing
import TransportStream

@testable import StationServer

/// Tapes that are gone or damaged when somebody starts anew and needs them.
@Suite struct LostTapeTests {
  @Test func aTapeOfWhatIsToComeCostsARestartNothingThatIsOn() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 2 && eras[1].start > lab.now)
    Scratch.remove(eras[1].tapes[1])

    let again = lab.registry()
    await again.begin()
    let after = await again.plan(clockOffset: nil).stations[0].eras
    #expect(after == [eras[0]], "what is on goes on, and the rest is made anew")
    #expect(await again.startRecordings().map(\.output) == [eras[1].tapes[1]])
  }

  @Test func whatTheTransmitterCannotOpenIsMadeAnew() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 3600)
    let before = await registry.plan(clockOffset: nil).stations
    let lost = before[0].eras[0].tapes[1]
    Scratch.remove(lost)
    // It goes on with what it has, and is not called off the air for it.
    await registry.transmitting(faults: [1: AirFault(reason: "b cannot be played", isSilent: false)])
    await registry.damaged(tape: lost)
    #expect(await registry.list()[0].state == .onAir)
    let after = await registry.plan(clockOffset: nil).stations
    #expect(after[0].eras.map(\.tapes) == [before[0].eras[0].tapes, [before[0].eras[0].tapes[0]]])
    #expect(after[1] == before[1])
    let recordings = await registry.startRecordings()
    #expect(recordings.map(\.output) == [lost])
    try lab.record(recordings[0])
    await registry.finished(recordings[0].request, .done)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras == before[0].eras)
  }

  @Test func whatIsSilentWaitsForNoProgrammesEnd() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    while true {
      let recordings = await registry.startRecordings()
      if recordings.isEmpty { break }
      for recording in recordings {
        try SyntheticTape(milliseconds: 60_000, group: 20).write(to: recording.output)
        await registry.finished(recording.request, .done)
      }
    }
    lab.pass(seconds: 3600)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    Scratch.remove(eras[0].tapes[0])
    await registry.transmitting(faults: [1: AirFault(reason: "a cannot be played")])
    #expect(await registry.list()[0].state == .offAir)
    await registry.damaged(tape: eras[0].tapes[0])
    let after = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(after.map(\.tapes) == [eras[0].tapes, [eras[0].tapes[1]]])
    #expect(after[1].start > lab.now + .seconds(2) && after[1].start < lab.now + .seconds(5))
  }
}

import TSBytes
import Testing

@testable import Reception

struct TuningTests {
  @Test func aPlayerIsKeptWhereTheStreamsAreTheSame() {
    let station = TSBytes.tuning()
    #expect(station.continues(TSBytes.tuning(2)))
    #expect(!station.continues(TSBytes.tuning(2, codec: "hevc")))
    #expect(!station.continues(TSBytes.tuning(2, radio: true)))
    var relanguaged = TSBytes.tuning(3)
    relanguaged.audio[0].language = "fra"
    #expect(station.continues(relanguaged))
    relanguaged.audio.append(relanguaged.audio[0])
    #expect(!station.continues(relanguaged))
  }

  @Test func theSameDatagramsFromAnotherServer() {
    let station = TSBytes.tuning()
    var other = station
    other.sources[0].server = StreamServer(address: "127.0.0.2", port: 9966)
    #expect(station.sends(other) && !station.isReceivedAs(other))
    other.ssrc = 9
    #expect(!station.sends(other))
  }
}

import Testing

@testable import Recorder

/// Access units of ISO/IEC 14496-10 annex B, written by hand: type 9 is a delimiter, 7 and 8 are parameter sets, 5 is a
/// slice of an IDR picture, 1 of another.
@Suite struct ParameterSetsTests {
  private let delimiter: [UInt8] = [0, 0, 0, 1, 0x09, 0x10]
  private let sequence: [UInt8] = [0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1E]
  private let picture: [UInt8] = [0, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80]
  private let idr: [UInt8] = [0, 0, 0, 1, 0x65, 0x88, 0x84]
  private let other: [UInt8] = [0, 0, 0, 1, 0x41, 0x9A, 0x24]

  @Test func aKeyPictureWithItsOwnStaysAsItIs() {
    var sets = ParameterSets()
    var unit = sequence + picture + idr
    #expect(sets.complete(&unit) == true)
    #expect(unit == sequence + picture + idr)
  }

  @Test func aLaterOneGetsThoseOfTheFirst() {
    var sets = ParameterSets()
    var first = sequence + picture + idr
    _ = sets.complete(&first)
    var inter = other
    #expect(sets.complete(&inter) == false)
    #expect(inter == other)
    var later = delimiter + idr
    #expect(sets.complete(&later) == true)
    #expect(later == delimiter + sequence + picture + idr)
  }

  @Test func setsInABufferOfTheirOwnAreKeptForTheNext() {
    var sets = ParameterSets()
    // Start codes of three bytes, and a zero before the next one.
    var alone: [UInt8] = [0, 0, 1, 0x67, 0x42, 0xC0, 0x1E, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80]
    #expect(sets.complete(&alone) == nil)
    var unit = idr
    #expect(sets.complete(&unit) == true)
    #expect(unit == sequence + picture + idr)
  }

  @Test func withoutAnySetsDecodingCannotBegin() {
    var sets = ParameterSets()
    var unit = idr
    #expect(sets.complete(&unit) == false)
    var nothing: [UInt8] = [1, 2, 3]
    #expect(sets.complete(&nothing) == nil)
  }
}

import Testing
import Wire

@testable import Tuner

struct ProgrammeGuideTests {
  @Test func titlesByDate() {
    var guide = ProgrammeGuide()
    guide.take([Programme(title: "Tide", start: 100, end: 200), Programme(title: "Fog", start: 200, end: 300)])
    #expect(guide.programme(at: 99) == nil)
    #expect(guide.programme(at: 100)?.title == "Tide")
    #expect(guide.programme(at: 250)?.title == "Fog")
    #expect(guide.programme(at: 300) == nil)
    // What is told later replaces and goes on; what is live has no end.
    guide.take([Programme(title: "Rain", start: 200, end: 250), Programme(title: "Live", start: 300, end: 300)])
    #expect(guide.programme(at: 220)?.title == "Rain")
    #expect(guide.programme(at: 260) == nil)
    #expect(guide.programme(at: 9999)?.title == "Live")
  }

  @Test func sizesForPeople() {
    #expect(Figures.size(bytes: 0) == "0 kB")
    #expect(Figures.size(bytes: 812_400) == "812 kB")
    #expect(Figures.size(bytes: 45_260_000) == "45.2 MB")
    #expect(Figures.size(bytes: 1_250_000_000) == "1.2 GB")
  }
}

import Testing

@testable import Recorder

@Suite struct ProgressTests {
  @Test func forPrograms() {
    #expect(Progress.json(43, 12.54, 7.2) == #"{"progress": {"percent": 43, "speed": 12.5, "secondsLeft": 8}}"#)
    #expect(Progress.json(0, 0, nil) == #"{"progress": {"percent": 0, "speed": 0.0}}"#)
  }

  @Test func forPeople() {
    #expect(Progress.text(43, 12.54, 67) == "43 %  12.5×  1:07 left")
    #expect(Progress.text(0, 0, nil) == "0 %")
    #expect(Progress.text(1, .infinity, 1) == "1 %  1000000.0×  0:01 left")
  }

  @Test func namesOnCardsAreQuoted() {
    #expect(CardPicture.quoted("Quay: 50 %, [a]; b=c") == #"Quay\: 50 %, [a]; b=c"#)
    #expect(CardPicture.quoted("Bob's\\Bar\nTwo") == "Bob\u{2019}s/Bar Two")
    #expect(CardPicture.quoted(String(repeating: "x", count: 99)).count == 60)
  }
}

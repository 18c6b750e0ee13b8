import Testing

@testable import StationServer

@Suite struct JSONTextTests {
  @Test func readsEveryKindOfValue() throws {
    let text = #" {"a": [1, -2.5e3, true, false, null], "b": {"c": "é\n\u00e9\ud83d\ude00\/"}, "d": {}, "e": []} "#
    #expect(
      try JSONText.parse(Array(text.utf8))
        == .object([
          "a": .array([.number(1), .number(-2500), .bool(true), .bool(false), .null]),
          "b": .object(["c": .string("é\né😀/")]), "d": .object([:]), "e": .array([]),
        ]))
  }

  @Test(arguments: [
    ("{\n  \"a\": 1,\n}", 3, 1, "comma too many"),
    ("{\"a\": 1", 1, 8, "comma or }"),
    ("{\"a\": 1,\n", 2, 1, "ends"),
    ("{\"a\" 1}", 1, 6, "colon"),
    ("{'a': 1}", 1, 2, "double quotes"),
    ("{\"a\": 1} x", 1, 10, "more text"),
    ("", 1, 1, "ends"),
    ("{\"a\": 1,\n \"a\": 2}", 2, 2, "twice"),
    ("{\"a\": tru}", 1, 7, "not a JSON value"),
    ("[1, 2,]", 1, 7, "comma too many"),
    ("// hello\n{}", 1, 1, "comments"),
    ("[01]", 1, 2, "01"),
    ("[1.]", 1, 2, "1."),
    ("[\"a", 1, 2, "closing quote"),
    ("[\"a\nb\"]", 1, 2, "closing quote"),
    ("[\"\\x\"]", 1, 3, "backslash"),
    ("[\"\\u12\"]", 1, 4, "hexadecimal"),
    ("[\"\\ud800\"]", 1, 3, "half"),
    ("[1e999]", 1, 2, "1e999"),
    (String(repeating: "[", count: 100), 1, 65, "nested"),
  ])
  func saysWhereAndWhat(text: String, line: Int, column: Int, part: String) {
    let error = #expect(throws: MalformedJSON.self) { try JSONText.parse(Array(text.utf8)) }
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.problem.contains(part) == true)
  }

  @Test func refusesBytesThatAreNoUTF8() {
    #expect(throws: MalformedJSON.self) { try JSONText.parse([0x22, 0xFF, 0x22]) }
  }

  /// Every prefix of a text is refused, and none ends the program.
  @Test func survivesEveryTruncation() {
    let text = Array(#"{"a": ["\u00e9\n", -1.5e2, true, null], "b": {"c": "x"}}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: MalformedJSON.self) { try JSONText.parse(Array(text[..<length])) }
    }
  }
}

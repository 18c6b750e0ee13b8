import LinuxIO
import SyntheticTape
import Testing

@testable import StationServer

@Suite struct RespiteTests {
  @Test func isNoneUntilDeathsAreMany() {
    var respite = Respite()
    #expect(respite.afterDeath(lived: 0.1) == 0)
    #expect(respite.afterDeath(lived: 0.1) == 0)
    #expect(respite.afterDeath(lived: 0.1) == 0.25)
    #expect(respite.afterDeath(lived: 0.1) == 0.5)
    for _ in 0..<100 { #expect(respite.afterDeath(lived: 0.1) <= 30) }
    #expect(respite.afterDeath(lived: 60) == 0)
    #expect(respite.afterDeath(lived: 0.1) == 0)
  }
}

@Suite struct RunDirectoryTests {
  @Test func liesWhereTheEnvironmentSays() {
    #expect(RunDirectory.base(environment: ["RUNTIME_DIRECTORY": "/run/a:/run/b"]) == "/run/a")
    let plain = RunDirectory.base(environment: [:])
    let own = RunDirectory.base(environment: ["XDG_RUNTIME_DIR": "/run/user/5"])
    if PrivateDirectory.user == 0 {
      #expect(plain == "/run/stationd")
      #expect(own == "/run/stationd")
    } else {
      #expect(plain == "/tmp/stationd-\(PrivateDirectory.user)")
      #expect(own == "/run/user/5/stationd")
    }
  }

  @Test func isOneForEachConfiguration() throws {
    let directory = try TemporaryDirectory()
    for name in ["a.json", "b.json"] { try Scratch.write("{}", to: directory.path(name)) }
    try Scratch.link(directory.path("c.json"), to: directory.path("a.json"))
    let base = directory.path("run")
    let first = try RunDirectory(configuration: directory.path("a.json"), base: base)
    let second = try RunDirectory(configuration: directory.path("b.json"), base: base)
    #expect(first.path != second.path)
    let error = #expect(throws: SystemError.self) {
      _ = try RunDirectory(configuration: directory.path("c.json"), base: base)
    }
    #expect(error?.subject.contains("process \(ThisProcess.pid)") == true)
    _ = consume first
    _ = try RunDirectory(configuration: directory.path("c.json"), base: base)
    _ = consume second
  }
}

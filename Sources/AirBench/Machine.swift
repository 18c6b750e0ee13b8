import FoundationEssentials
import LinuxIO

/// Where and of what was measured.
struct Machine: Codable {
  var cores: Int
  var processor: String
  var kernel: String
  var system: String
  var ffmpeg: String
  var multicat: String
  var commit: String
  /// ISO 8601.
  var date: String
}

extension Machine {
  init(commit: String, _ stop: Stop) throws {
    cores = MachineTime.cores
    processor = Self.value("model name", in: Proc.text("/proc/cpuinfo"), between: ":") ?? "unknown processor"
    kernel = Proc.text("/proc/sys/kernel/osrelease").split(separator: "\n").first.map(String.init) ?? ""
    system = Self.value("PRETTY_NAME", in: Proc.text("/etc/os-release"), between: "=") ?? "Linux"
    let version = try Tool.run(["ffmpeg", "-version"], stop).split(separator: " ")
    ffmpeg = version.count > 2 ? String(version[2]) : ""
    multicat = (try? Tool.run(["dpkg-query", "-W", "-f", "${Version}", "multicat"], stop)) ?? ""
    self.commit = commit
    date = Date().formatted(.iso8601)
  }

  /// The value after a name and a separator, without quotes.
  static func value(_ name: String, in text: String, between separator: Character) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let start = line.firstIndex(of: separator) else { continue }
      return String(line[line.index(after: start)...].drop { $0 == " " || $0 == "\"" }.prefix { $0 != "\"" })
    }
    return nil
  }
}

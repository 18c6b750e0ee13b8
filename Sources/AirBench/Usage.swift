import FoundationEssentials
import LinuxIO

/// Processor time that processes have taken since they began. What the kernel does on the way from a send call to the
/// receiver's queue is the sender's: on a veth it happens within its call. Softirqs too, unless the kernel was built with
/// CONFIG_IRQ_TIME_ACCOUNTING, which keeps them from the scheduler's clock.
struct ProcessorTime {
  /// Nanoseconds by the scheduler's clock, of all threads.
  var total: Int64 = 0
  /// By the kernel's division into the two, in its ticks.
  var userTicks: Int64 = 0
  var systemTicks: Int64 = 0
  /// When that was so: steady nanoseconds.
  var date = SteadyClock.now

  init(of processes: [Int32]) {
    for process in processes {
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
      for thread in threads {
        total += Self.schedstat(Proc.text("/proc/\(process)/task/\(thread)/schedstat"))
      }
      if let (user, system) = Self.stat(Proc.text("/proc/\(process)/stat")) {
        userTicks += user
        systemTicks += system
      }
    }
  }

  /// The first field of a schedstat file: nanoseconds on a processor.
  static func schedstat(_ text: String) -> Int64 { text.split(separator: " ").first.flatMap { Int64($0) } ?? 0 }

  /// utime and stime (proc(5)): fields 14 and 15 of a stat file; the command's name before them may hold anything.
  static func stat(_ text: String) -> (user: Int64, system: Int64)? {
    guard let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[name...].split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]) else { return nil }
    return (user, system)
  }

  /// Shares of one core since an earlier reading.
  func load(since earlier: ProcessorTime) -> (user: Double, system: Double) {
    let share = Double(total - earlier.total) / Double(max(1, date - earlier.date))
    let (user, system) = (userTicks - earlier.userTicks, systemTicks - earlier.systemTicks)
    guard user + system > 0 else { return (0, share) }
    let userShare = share * Double(user) / Double(user + system)
    return (userShare, share - userShare)
  }
}

/// How busy the machine as a whole is: what is left of its time when that is taken away in which it waited. Of that the
/// kernel keeps exact account, of the rest it takes samples, which miss short work.
struct MachineTime {
  private var idleTicks: Int64
  private var date = SteadyClock.now

  init() { idleTicks = Self.idle(Proc.text("/proc/stat")) }

  /// idle, iowait and steal of the first line of /proc/stat (proc(5)), of all cores together.
  static func idle(_ text: String) -> Int64 {
    let fields = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().map { Int64($0) ?? 0 }
    return fields.count < 8 ? 0 : fields[3] + fields[4] + fields[7]
  }

  /// Those that this process may use.
  static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Cores busy since an earlier reading: a core that did nothing else counts 1.
  func cores(since earlier: MachineTime) -> Double {
    let elapsed = Double(max(1, date - earlier.date)) / 1e9
    return max(0, Double(Self.cores) - Double(idleTicks - earlier.idleTicks) / 100 / elapsed)
  }
}

/// What the kernel tells in files.
enum Proc {
  /// A file's text; empty when it cannot be read: what it told of is gone.
  static func text(_ path: String) -> String {
    (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Bytes of memory that processes take and that the kernel could not drop and read again from a file: anonymous pages and
  /// shared memory, what several share divided by their number (Pss_Anon, Pss_Shmem of smaps_rollup).
  static func memory(of processes: [Int32]) -> Int {
    processes.reduce(0) { sum, process in sum + memory(text("/proc/\(process)/smaps_rollup")) }
  }

  static func memory(_ rollup: String) -> Int { kilobytes("Pss_Anon", rollup) + kilobytes("Pss_Shmem", rollup) }

  /// Bytes that could be had without swapping.
  static var availableMemory: Int { kilobytes("MemAvailable", text("/proc/meminfo")) }

  /// A line "NAME: 12 kB", in bytes.
  private static func kilobytes(_ name: String, _ text: String) -> Int {
    for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
      return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
    return 0
  }
}

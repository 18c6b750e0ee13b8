import FoundationEssentials
import Glibc
import LinuxIO
import Logging
import NIOCore
import ServiceLifecycle

/// From a configuration file to a running stationd.
enum Launch {
  /// Why stationd cannot run: what a person reads, and the exit status.
  struct Failure: Error {
    let message: String
    let status: Int32

    func tell() {
      for line in message.split(separator: "\n") { DescriptorIO.log("stationd: \(line)") }
    }
  }

  /// Tapes being looked at, children's pipes, sockets.
  private static let filesBesidesConnections = 256

  /// To be called before anything else is done.
  static func ending() throws(Failure) -> Ending {
    do { return try Ending() } catch { throw Failure(message: "\(error)", status: ExitStatus.software) }
  }

  static func read(_ file: String) throws(Failure) -> Configuration {
    let text: [UInt8]
    do {
      text = Array(try Data(contentsOf: URL(filePath: Paths.absolute(file))))
    } catch {
      let status = try? FileStatus(file)
      let reason =
        switch status?.kind {
        case nil: "there is no such file"
        case .directory?: "is a directory"
        case .file?, .other?: "cannot be read by this user"
        }
      throw Failure(
        message: "\(file): \(reason): give --config the stations' file", status: ExitStatus.configuration)
    }
    let interfaces = (try? NetworkInterface.all()) ?? []
    do {
      return try ConfigurationReader.read(
        text, path: file, interfaces: KnownInterfaces(all: interfaces.map { ($0.name, $0.address) }))
    } catch {
      throw Failure(message: error.description, status: ExitStatus.configuration)
    }
  }

  /// Runs until SIGTERM or SIGINT; then everything leaves the air.
  ///
  /// - Parameter ending: those signals, caught since this program began.
  static func serve(_ configuration: Configuration, file: String, ending: Ending) async throws(Failure) {
    // Whoever reads the log may go away; edits cannot be taken up yet.
    Signals.ignore([SIGPIPE, SIGHUP])
    let openFiles = FileLimit.raise()
    let runDirectory = try runDirectory(file)
    let tapesLock = try tapesDirectory(configuration.tapes)
    let program = try Program.locate()

    let logger = Logger(label: "stationd") { _ in PlainLog() }
    // A transmitter that an earlier stationd left on the air may go by another time than the system's has become.
    let elders = Handover(directory: runDirectory.path, path: "").findElders()
    let clock = AirTime(offset: elders.clockOffset)
    let memory = try memoryDirectory(runDirectory.path)
    let registry = StationRegistry(
      configuration, slots: ProcessInfo.processInfo.activeProcessorCount, memory: memory, clock: clock, logger: logger)
    let limits = configuration.connections
    let admission = Admission(
      total: min(limits.total, max(64, openFiles - filesBesidesConnections)), perAddress: limits.perAddress)
    if admission.total < limits.total {
      logger.notice(
        "\(admission.total) control connections at the most, as this process may have only \(openFiles) files open")
    }
    ControlServer.useFewThreads(of: ProcessInfo.processInfo.activeProcessorCount)
    let control: ControlServer
    do {
      control = try await ControlServer.bind(
        configuration.listen, registry: registry, admission: admission, streams: configuration.streams)
    } catch {
      throw Failure(
        message: "cannot listen on \(configuration.listen): \(reason(error)); set \"control\": { \"listen\": ... }",
        status: ExitStatus.unavailable)
    }
    logger.info(
      "\(configuration.site.name): \(configuration.stations.count) stations, control at \(configuration.listen)")
    await meetTwins(configuration.twins, registry, control)
    await registry.begin(isOnAir: !elders.elders.isEmpty)
    let desk = try statusDesk(
      StatusDesk(registry: registry, control: control, configuration: configuration, file: file), runDirectory.path)

    let supervisor = TransmitterSupervisor(
      registry: registry, executable: program.stationd, directory: runDirectory.path, clock: clock, logger: logger)
    let recorders = RecorderService(
      registry: registry, recorder: RecorderProcess(executable: program.recorder), logger: logger)
    let watch = ConfigurationWatch(
      file: file, configuration: configuration, logger: logger, hangUps: await HangUps.begin()
    ) { await registry.apply($0) }
    let live = LiveService(
      registry: registry, recorder: LiveRecorder(executable: program.recorder), clock: clock, logger: logger)
    var quiet = logger
    quiet.logLevel = .error
    let services: [any Service] = [
      supervisor, control, recorders, live, RegistryTicker(registry: registry),
      TwinService(registry: registry, twins: configuration.twins, logger: logger), SourceLookout(registry: registry),
      TapeInspector(registry: registry, logger: logger), watch,
    ]
    let watched = ServiceGroupConfiguration.ServiceConfiguration(
      service: EndingWatch(ending: ending), successTerminationBehavior: .gracefullyShutdownGroup)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: services.map { .init(service: $0) } + [watched], logger: quiet)
    )
    do {
      try await group.run()
    } catch {
      throw Failure(message: "stopped by a fault of its own: \(error)", status: ExitStatus.software)
    }
    desk.close()
    TransmitterSupervisor.dismissElders(in: runDirectory.path)
    memory.remove()
    logger.info("off the air")
    withExtendedLifetime(tapesLock) {}
    _ = consume runDirectory
  }

  /// Hears what twins have on the air, so that its stations begin in step with theirs.
  private static func meetTwins(
    _ twins: [Configuration.TwinAddress], _ registry: StationRegistry, _ control: ControlServer
  ) async {
    guard !twins.isEmpty else { return }
    registry.twinBoard.publish(await registry.introduction)
    try? await control.letTwinsIn()
    await TwinRendezvous(registry: registry, twins: twins).run()
  }

  private static func runDirectory(_ file: String) throws(Failure) -> RunDirectory {
    do {
      return try RunDirectory(configuration: file)
    } catch {
      guard error.code == EWOULDBLOCK else { throw Failure(message: "\(error)", status: ExitStatus.cannotCreate) }
      throw Failure(
        message: "another stationd plays \(file) already (\(error.subject)): stop that one first",
        status: ExitStatus.temporary)
    }
  }

  private static func statusDesk(_ desk: StatusDesk, _ runDirectory: String) throws(Failure) -> UnixServer {
    do {
      return try desk.open(in: runDirectory)
    } catch {
      throw Failure(message: "\(error)", status: ExitStatus.cannotCreate)
    }
  }

  private static func memoryDirectory(_ runDirectory: String) throws(Failure) -> MemoryDirectory {
    do {
      return try MemoryDirectory(runDirectory: runDirectory)
    } catch {
      throw Failure(message: "\(error)", status: ExitStatus.cannotCreate)
    }
  }

  /// Makes the tapes directory and locks it: two programs writing the same tape would spoil it.
  private static func tapesDirectory(_ path: String) throws(Failure) -> HeldLock {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let reason = SystemError(
        operation: "make", subject: "the tapes directory \(path)", code: RunDirectory.code(of: error))
      throw Failure(
        message: "\(reason); set \"tapes\" to a directory that it may write", status: ExitStatus.cannotCreate)
    }
    do {
      let lock = HeldLock(try Patient.lock("\(path)/lock"))
      TapeShelf.removeParts(in: path)
      return lock
    } catch {
      guard error.code == EWOULDBLOCK else {
        throw Failure(
          message: "\(error); set \"tapes\" to a directory that it may write", status: ExitStatus.cannotCreate)
      }
      throw Failure(
        message: "another stationd uses the tapes directory (\(error.subject)): set \"tapes\" to another one",
        status: ExitStatus.temporary)
    }
  }

  static func reason(_ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return SystemError(operation: "", subject: "", code: error.errnoCode).reason
  }
}

import ArgumentParser
import FoundationEssentials
import LinuxIO
import Timetables
import TransportStream

/// `stationd schedule 3`: what a station is going to play.
struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Print what a station plays, and when.",
    discussion: """
      Times are ISO 8601 ("2026-12-24T20:15", "2026-12-24T19:15:00Z") or times of today ("20:15"), both on the clocks of \
      the station's time zone; those of a station without a timetable go by this machine's. It reads the configuration \
      and the tapes directory and needs no running stationd.

      EXAMPLES
        stationd schedule 3 --config stations.json
        stationd schedule 3 --config stations.json --from 20:00 --to 24:00
        stationd schedule 3 --config stations.json --from 2026-12-24T00:00 --to 2026-12-27T00:00 --json
      """)

  @Argument(help: "The station's number.")
  var number: Int

  @OptionGroup var file: StationsFile

  @Option(help: ArgumentHelp("From when on (default: now).", valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Until when (default: 24 hours after that).", valueName: "time"))
  var to: String?

  @Flag(help: "Print JSON, with dates in ticks of 27 MHz since 1970 besides.")
  var json = false

  func run() throws {
    guard let config = file.config else {
      throw ValidationError("Name the stations' file: stationd schedule \(number) --config stations.json")
    }
    let configuration: Configuration
    do throws(Launch.Failure) {
      configuration = try Launch.read(config)
    } catch {
      error.tell()
      throw ExitCode(error.status)
    }
    guard let station = configuration.stations.first(where: { $0.number == number }) else {
      let numbers = configuration.stations.map { "\($0.number)" }.joined(separator: ", ")
      throw ValidationError("\(config) has no station \(number): there are \(numbers)")
    }
    let zone = Self.zone(of: station)
    let now = Ticks(nanoseconds: AirClock().offset + SteadyClock.now)
    let first = try from.map { try Self.date($0, "--from", zone, now) } ?? now
    let last = try to.map { try Self.date($0, "--to", zone, now) } ?? first + .seconds(86_400)
    guard first < last else { throw ValidationError("--to is not behind --from") }
    guard last - first <= .seconds(366 * 86_400) else { throw ValidationError("that is more than a year") }

    let forecast = Forecast(station, of: configuration, now: now, from: first, to: last)
    for fault in forecast.faults { DescriptorIO.log("stationd: left out: \(fault)") }
    let text = ForecastText(zone: zone)
    print(json ? try text.json(forecast.items, station) : text.table(forecast.items, station), terminator: "")
  }

  /// The timetable's, or this machine's.
  private static func zone(of station: StationConfiguration) -> TimeZoneRules {
    if case .schedule(let schedule) = station.source { return schedule.timetable.zone }
    let file = (try? Data(contentsOf: URL(filePath: "/etc/localtime"))).map(Array.init)
    return file.flatMap { try? TimeZoneRules(name: "local time", file: $0) } ?? .utc
  }

  private static func date(_ text: String, _ option: String, _ zone: TimeZoneRules, _ now: Ticks) throws -> Ticks {
    guard let date = ForecastText(zone: zone).date(text, now: now) else {
      throw ValidationError(
        "\(option) \"\(text)\" is not a time such as 20:15, 2026-12-24T20:15 or 2026-12-24T19:15:00Z")
    }
    return date
  }
}

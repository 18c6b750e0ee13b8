import LinuxIO
import Logging

/// Listens to the groups of live stations whose twin does not answer any more: its transmitter may be on the air still, and two
/// must not send to one group.
struct GroupWatch: Sendable {
  /// Where a station is sent.
  struct Place: Hashable, Sendable {
    let group: String
    let port: UInt16
    let interface: String
    /// The group is free when nothing has come for so long: nanoseconds.
    let patience: Int64
  }

  let registry: StationRegistry
  let logger: Logger
  /// Between two looks.
  var period = Duration.milliseconds(50)
  func run() async {
    var ears: [Int: Ear] = [:]
    while !Task.isCancelled {
      let places = await registry.groupsToHear
      for (number, place) in places where ears[number]?.place != place { ears[number] = Ear(place, logger) }
      for (number, ear) in ears {
        if places[number] == nil {
          ears[number] = nil
        } else if ear.silence() > ear.place.patience {
          await registry.heardNobody(on: number)
        }
      }
      try? await Task.sleep(for: period)
    }
  }

  /// One group.
  private final class Ear {
    let place: Place
    private var receiver: MulticastReceiver?
    private var last = SteadyClock.now

    /// A group that cannot be joined is one that nobody is heard on.
    init(_ place: Place, _ logger: Logger) {
      self.place = place
      do {
        receiver = try MulticastReceiver(
          group: place.group, port: place.port, interface: NetworkInterface(place.interface), receiveBuffer: 1 << 18)
      } catch {
        logger.warning("cannot listen whether a twin sends to \(place.group):\(place.port): \(error)")
      }
    }

    /// For how long nothing has come: nanoseconds.
    func silence() -> Int64 {
      while let count = try? receiver?.take({ _, _ in }), count > 0 { last = SteadyClock.now }
      return SteadyClock.now - last
    }
  }
}

import Logging
import ServiceLifecycle

/// Keeps two recorders at each live station.
///
/// In an orderly end they end with it; if this process dies in any other way they go on for a while, and hand their rings
/// over to the next one's.
struct LiveService: Service {
  let registry: StationRegistry
  let recorder: LiveRecorder
  let clock: AirTime
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        /// By their rings: a station that changes from one ring to another has a crew at each for a while.
        var crews: [String: (crew: LiveCrew, task: Task<Void, Never>)] = [:]
        for await _ in registry.liveWake.rings() {
          let duties = await registry.liveDuties()
          for duty in duties {
            if let crew = crews[duty.what.ring]?.crew {
              if let date = duty.leave { await crew.leave(at: date) } else { await crew.change(to: duty.what) }
              continue
            }
            let crew = LiveCrew(duty.what, recorder: recorder, clock: clock, logger: logger) { [registry] in
              await registry.reported($0, $1)
            }
            // The ring of an earlier run may have to end.
            if let date = duty.leave { await crew.leave(at: date) }
            let task = Task { await crew.run() }
            crews[duty.what.ring] = (crew, task)
            // Unstructured, so that one can be ended alone: it ends with the group all the same.
            group.addTask {
              await withTaskCancellationHandler {
                await task.value
              } onCancel: {
                task.cancel()
              }
            }
          }
          let kept = Set(duties.map(\.what.ring))
          for (ring, crew) in crews where !kept.contains(ring) {
            crew.task.cancel()
            crews[ring] = nil
          }
        }
        group.cancelAll()
      }
    }
  }
}

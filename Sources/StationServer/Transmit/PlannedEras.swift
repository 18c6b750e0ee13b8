import Playout
import Tape
import TransportStream

/// What of a station's planned eras can be sent. One that cannot is left out, and costs nothing else: what was on before it
/// goes on.
struct PlannedEras {
  /// Earliest first; at least one.
  private(set) var eras: [Era] = []
  /// When the first of them begins, where nothing is on until then; nil: something is on.
  private(set) var begins: Ticks?
  private var errors: [TapeError] = []

  /// - Parameters:
  ///   - known: those that are open. What of them is on stays on until something else can be.
  ///   - now: by which an era is in force, or over.
  /// - Throws: when none of them can be sent.
  init(_ records: [EraRecord], known: [Era], _ open: inout OpenTapes, now: Ticks) throws(TapeError) {
    for (index, record) in records.enumerated() {
      do {
        eras.append(try Self.era(record, known, &open))
      } catch {
        let isOver = index + 1 < records.count && records[index + 1].start <= now
        if !isOver { errors.append(error) }
      }
    }
    guard let error = errors.first else { return }
    let next = eras.first?.record.start
    if next.map({ $0 > now }) ?? true {
      eras = known.filter { $0.record.start <= now } + eras
      if let first = eras.first, first.record.start > now { begins = first.record.start }
    }
    if eras.isEmpty { throw error }
  }

  private static func era(_ record: EraRecord, _ known: [Era], _ open: inout OpenTapes) throws(TapeError) -> Era {
    guard let same = known.first(where: { $0.record == record }) else { return try Era(record, from: &open) }
    // Under the name of its ring there may be another one, or none any more.
    if let ring = same.ring, !ring.isCurrent, let other = try? Era(record, from: &open) { return other }
    return same
  }

  /// Nil when all that is planned is sent.
  func fault(of number: UInt16) -> TransmitReply.Fault? {
    errors.first.map { error in
      TransmitReply.Fault(
        number: number, fault: begins == nil ? "part of its schedule cannot be played: \(error)" : "\(error)",
        goesOn: begins == nil, paths: errors.map(\.path))
    }
  }
}

import Tape

/// Where what a station plays comes from.
enum StationSource: Equatable, Sendable {
  /// Programmes in turn, for ever.
  case files([ProgrammeSource])
  /// As it happens: a camera, a stream, a test card.
  case live(LiveSource)
}

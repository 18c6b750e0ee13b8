import LibAV
import LinuxIO
import Tape

/// Why no tape came about: one line for people, and an exit status of sysexits.h for programs.
struct RecorderError: Error, Hashable, Sendable, CustomStringConvertible {
  enum Status: Int32, Sendable {
    /// EX_DATAERR: the media file is not usable.
    case badMedia = 65
    /// EX_NOINPUT: there is no such file, or it must not be read.
    case noInput = 66
    /// EX_SOFTWARE: a fault of the recorder or of libav.
    case `internal` = 70
    /// EX_CANTCREAT: the tape cannot be made where it should be.
    case cannotCreate = 73
    /// EX_IOERR: reading or writing failed half way.
    case inputOutput = 74
    /// EX_CONFIG: the station's settings ask for what cannot be made, of any file.
    case configuration = 78
  }

  let status: Status
  let description: String

  init(_ status: Status, _ description: String) {
    self.status = status
    // A file's name may hold anything; what is shown is one line, and nothing that moves a terminal's cursor.
    self.description = String(
      String.UnicodeScalarView(description.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }

  init(_ error: LibAVError) {
    self.init(error.isInvalidData ? .badMedia : .internal, error.description)
  }

  init(_ error: SystemError) { self.init(.inputOutput, error.description) }

  init(_ error: TapeError) {
    switch error {
    case .system(let operation, _, _): self.init(operation == "create" ? .cannotCreate : .inputOutput, "\(error)")
    case .damaged, .unfit: self.init(.internal, "\(error)")
    }
  }

  /// Any error of the layers below, as one of this kind.
  init(wrapping error: any Error) {
    switch error {
    case let error as RecorderError: self = error
    case let error as LibAVError: self.init(error)
    case let error as SystemError: self.init(error)
    case let error as TapeError: self.init(error)
    default: self.init(.internal, "\(error)")
    }
  }
}

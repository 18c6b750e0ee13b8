/// How a program of this project ends, by the numbers of sysexits.h.
enum ExitStatus {
  /// EX_USAGE: the command line.
  static let usage: Int32 = 64
  /// EX_DATAERR: the input is no media.
  static let badData: Int32 = 65
  /// EX_NOINPUT: a file cannot be read.
  static let noInput: Int32 = 66
  /// EX_UNAVAILABLE: an address is in use or not this machine's.
  static let unavailable: Int32 = 69
  /// EX_SOFTWARE
  static let software: Int32 = 70
  /// EX_CANTCREAT: a directory or file cannot be made.
  static let cannotCreate: Int32 = 73
  /// EX_TEMPFAIL: another stationd is in the way, and may leave it.
  static let temporary: Int32 = 75
  /// EX_CONFIG: the configuration.
  static let configuration: Int32 = 78
}

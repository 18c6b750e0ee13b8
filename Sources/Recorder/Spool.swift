import LinuxIO

/// Where the payloads of a programme wait between the two passes: a file without a name.
struct Spool: ~Copyable {
  private var file: ScratchFile

  init(directory: String) throws(RecorderError) {
    do {
      file = try ScratchFile(directory: directory)
    } catch {
      throw RecorderError(.cannotCreate, "cannot write in \(directory): \(error.reason)")
    }
  }

  mutating func append(_ bytes: Span<UInt8>) throws(RecorderError) -> Extent {
    do {
      return Extent(offset: try file.append(bytes), size: bytes.count)
    } catch {
      throw RecorderError(error)
    }
  }

  /// Replaces what is in `bytes` by the payloads, one after the other.
  func read(_ payloads: [Extent], into bytes: inout [UInt8]) throws(RecorderError) {
    bytes.removeAll(keepingCapacity: true)
    do {
      for payload in payloads {
        try file.read(at: payload.offset, count: payload.size, appendingTo: &bytes)
      }
    } catch {
      throw RecorderError(error)
    }
  }
}

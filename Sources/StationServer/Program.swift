import FoundationEssentials
import LinuxIO

/// Where this program and its recorder are.
struct Program {
  let stationd: String
  let recorder: String

  static func locate() throws(Launch.Failure) -> Program {
    do {
      let own = try FileStatus.realPath("/proc/self/exe")
      let recorder = Paths.directory(of: own) + "/stationd-recorder"
      guard FileManager.default.isExecutableFile(atPath: recorder) else {
        throw Launch.Failure(
          message: "there is no \(recorder): install stationd-recorder beside stationd", status: ExitStatus.software)
      }
      return Program(stationd: own, recorder: recorder)
    } catch let error as Launch.Failure {
      throw error
    } catch {
      throw Launch.Failure(message: "\(error)", status: ExitStatus.software)
    }
  }
}

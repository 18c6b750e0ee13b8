import Testing

@testable import AirBench

/// Texts as the kernel writes them.
@Suite struct ReadingTests {
  @Test func aCommandsNameMayHoldAnything() throws {
    let stat = "71 (a) b (c)) S 1 71 71 0 -1 4194560 8132 12 3 4 150 32 7 9 20 0 3 0 123 40960 5120\n"
    let (user, system) = try #require(ProcessorTime.stat(stat))
    #expect(user == 150)
    #expect(system == 32)
    #expect(ProcessorTime.stat("71 (cut") == nil)
  }

  @Test func timeOnAProcessorIsTheFirstFieldOfSchedstat() {
    #expect(ProcessorTime.schedstat("130614 2627887 2\n") == 130_614)
    #expect(ProcessorTime.schedstat("") == 0)
  }

  @Test func waitingIsNotBeingBusy() {
    let stat = "cpu  100 20 30 4000 500 6 7 80 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    #expect(MachineTime.idle(stat) == 4580)
    #expect(MachineTime.idle("") == 0)
  }

  @Test func memoryIsWhatCannotBeReadAgain() {
    let rollup = """
      Rss:                1728 kB
      Pss:                 309 kB
      Pss_Dirty:           112 kB
      Pss_Anon:            112 kB
      Pss_File:            197 kB
      Pss_Shmem:             8 kB
      """
    #expect(Proc.memory(rollup) == 120 * 1024)
  }

  @Test func theMachineNamesItself() {
    #expect(Machine.value("PRETTY_NAME", in: "NAME=x\nPRETTY_NAME=\"Debian 12\"\n", between: "=") == "Debian 12")
    #expect(Machine.value("model name", in: "model name\t: A Chip\n", between: ":") == "A Chip")
    #expect(Machine.value("absent", in: "a=b", between: "=") == nil)
  }
}

import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite struct ProcessTests {
  @Test func aTruncatedMappingReadsAsZeros() throws {
    let scratch = try Scratch()
    try BusErrorGuard.install()
    let size = 4 * 4096
    let file = try Descriptor(opening: "\(scratch.path)/tape", O_RDWR | O_CREAT)
    try DescriptorIO.writeAll([UInt8](repeating: 0x47, count: size).span, to: file.number)
    let mapped = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0)
    try #require(unsafe mapped != MAP_FAILED)
    defer { unsafe munmap(mapped, size) }
    guard let bytes = unsafe mapped?.assumingMemoryBound(to: UInt8.self) else { return }
    let before = BusErrorGuard.faults
    try #require(ftruncate(file.number, 4096) == 0)
    let read = unsafe [bytes[0], bytes[2 * 4096 + 5], bytes[2 * 4096 + 6]]
    #expect(read == [0x47, 0, 0])
    #expect(BusErrorGuard.faults == before + 1)
  }

  @Test func aThreadRunsAndIsWaitedFor() throws {
    let box = Flag()
    let thread = try RealTimeThread(name: "a name longer than fifteen", priority: 1) {
      box.raised.store(true, ordering: .releasing)
    }
    thread.join()
    let raised = box.raised.load(ordering: .acquiring)
    #expect(raised)
  }

  @Test func aFullPipeTakesNoMoreAndDoesNotBlock() throws {
    var ends: [Int32] = [-1, -1]
    try #require(unsafe pipe(&ends) == 0)
    let reading = Descriptor(owning: ends[0])
    let writing = Descriptor(owning: ends[1])
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    let before = SteadyClock.now
    let taken = try DescriptorIO.write(bytes.span, to: writing.number, timeoutMilliseconds: 30)
    #expect((4096..<1 << 20).contains(taken))
    #expect(SteadyClock.now - before < 5_000_000_000)
    _ = consume reading
    #expect(throws: SystemError.self) {
      try DescriptorIO.write([1].span, to: writing.number, timeoutMilliseconds: 30)
    }
  }

  @Test func memoryIsKnown() { #expect(ThisProcess.residentBytes > 1 << 20) }

  @Test func processesAreSeen() {
    #expect(ThisProcess.isAlive(ThisProcess.pid))
    #expect(!ThisProcess.isAlive(0x3FFF_FFFF))
  }

  @Test func signalsAreCaughtInWhicheverThread() throws {
    let signals = try CaughtSignals([SIGUSR2])
    #expect(try signals.wait(timeoutMilliseconds: 0) == nil)
    ThisProcess.signal(SIGUSR2)
    #expect(try signals.wait(timeoutMilliseconds: 5000) == SIGUSR2)
    #expect(try signals.wait(timeoutMilliseconds: 0) == nil)
  }

  @Test func signalsAreWaitedFor() throws {
    let box = Flag()
    let thread = try RealTimeThread(name: "signals", priority: nil) {
      Signals.block([SIGUSR1])
      pthread_kill(pthread_self(), SIGUSR1)
      box.raised.store(Signals.wait(for: [SIGUSR1]) == SIGUSR1, ordering: .releasing)
    }
    thread.join()
    let raised = box.raised.load(ordering: .acquiring)
    #expect(raised)
  }
}

private final class Flag: Sendable {
  let raised = Atomic<Bool>(false)
}

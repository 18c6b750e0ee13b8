import AirWatch

extension Bench {
  /// Cost and precision against the number of stations.
  var curves: Picture {
    let medians = medians
    func lines(_ figure: (TrialResult) -> Double?) -> [Chart.Line] {
      Sender.allCases.enumerated().compactMap { index, sender in
        let points = medians.filter { $0.sender == sender }.sorted { $0.stations < $1.stations }
          .compactMap { trial in figure(trial).map { (x: Double(trial.stations), y: $0) } }
        return points.isEmpty ? nil : Chart.Line(name: sender.name, color: index, points: points)
      }
    }
    let ticks = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    return Picture(charts: [
      Chart(
        title: "Processor for each station, % of a core", xTitle: "stations", xTicks: ticks,
        lines: lines { $0.processor * 100 / Double($0.stations) }),
      Chart(
        title: "PCR arrival error, p99, ms", xTitle: "stations", xTicks: ticks, lines: lines(\.heard.error?.p99)),
    ])
  }

  /// Cost and precision against the grain.
  var grainCurves: Picture {
    func line(_ figure: (TrialResult) -> Double?) -> [Chart.Line] {
      let points = grains.compactMap { trial -> (x: Double, y: Double)? in
        guard let grain = trial.grain.flatMap({ Double($0.dropLast(2)) }), let y = figure(trial) else { return nil }
        return (grain, y)
      }
      return [Chart.Line(name: "stationd, \(grains.first?.stations ?? 0) stations", color: 0, points: points)]
    }
    let ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8, 20, 40]
    return Picture(charts: [
      Chart(
        title: "Processor for each station, % of a core", xTitle: "grain, ms", xTicks: ticks,
        lines: line { $0.processor * 100 / Double($0.stations) }),
      Chart(title: "PCR arrival error, p99, ms", xTitle: "grain, ms", xTicks: ticks, lines: line(\.heard.error?.p99)),
    ])
  }

  /// docs/performance.md.
  var document: String {
    var parts = [
      "# Performance", introduction, "## What must hold", "\(MarkdownTable.verdicts(verdicts))",
      "## Cost and precision against the number of stations",
      "![Processor for each station, and p99 of the PCR arrival error, against the number of stations](performance.svg)",
      "\(MarkdownTable.trials(medians))", Self.legend,
    ]
    let notes = runs.flatMap(\.notes)
    if !notes.isEmpty { parts.append(Set(notes).sorted().map { "- \($0)" }.joined(separator: "\n")) }
    if !loopMedians.isEmpty { parts += ["## The floor", "\(MarkdownTable.loops(loopMedians))", Self.floor] }
    if !grains.isEmpty {
      parts += [
        "## The grain",
        "Datagrams without a clock reference that are due within one grain leave together; those with one leave on their"
          + " dates as long as the thread has time for that (`\"transmit\": { \"grain\": … }`): the trade between precision"
          + " and cost. By default it is picked from the load.",
        "![Processor for each station, and p99 of the PCR arrival error, against the grain](performance-grain.svg)",
        "\(MarkdownTable.trials(grains))",
      ]
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private var introduction: String {
    let busiest = runs.map(\.idle).max() ?? 0
    return """
      Written by `scripts/bench` on \(machine.date.prefix(10)), commit \(machine.commit): \(machine.cores) cores \
      (\(machine.processor)), Linux \(machine.kernel), \(machine.system), ffmpeg \(machine.ffmpeg), multicat \
      \(machine.multicat). Medians of \(runs.count) run\(runs.count == 1 ? "" : "s"), each of all senders one after the \
      other, \(fixed(seconds, 0)) s on the air each; a ratio is formed in each run, of figures of that run. Before the \
      runs the machine was busy with other things on up to \(fixed(busiest, 2)) cores.

      Two network namespaces on this machine, joined by a veth pair: senders in one, the receiver in the other. All send \
      the same \(clips.count) clips, so with more stations than that several send the same one (and stationd's share its \
      tape): 720p H.264 and AAC unless a user's own, as RTP by stationd (whose null packets are left out: \
      \(fixed((medians.first { $0.sender == .stationd }?.heard.bitrate ?? 0) / 1e6, 2)) Mb/s), as bare UDP by the others. \
      ffmpeg copies from MP4 files in a loop (`-re -stream_loop -1 -c copy`), once as it is and once with `-muxrate` and \
      the `bitrate` of its UDP output; multicat plays transport stream files of the same constant rate with the dates \
      that `ingests` found, once as it is and once with `-i 50`, the real-time priority that stationd's transmitter has. \
      These take one process for each station, stationd two for all.
      """
  }

  private static let legend = """
    *user*, *system*: processor time for each station, in % of one core, of all processes of the sender, by the \
    scheduler's clock (schedstat), divided as the kernel's accounting divides it. What the kernel does between the send \
    call and the receiver's queue happens on a veth within that call and is in *system*, softirqs included where the \
    kernel was built without CONFIG_IRQ_TIME_ACCOUNTING; with it they are in *machine* only. *machine*: \
    cores busy with anything at all. *PCR*: the error of the arrival of PCRs, |arrival less PCR, less the station's \
    median of that|, by the kernel's receive dates, of up to 5 stations spread evenly over all, taken together; the \
    receiver sleeps until the trial is over, and what comes later does not count. *burst*: the most datagrams of one station within 100 us. *kB*: 1,000 bytes \
    of memory that cannot be dropped and read again from a file (Pss_Anon and Pss_Shmem), of all processes of the sender, \
    divided by its stations. *on the air*: from the start of the first process to the arrival of the first datagram of \
    the last station. *lost*: in all runs, of the stations listened to: missing RTP sequence numbers; for the others jumps \
    of continuity counters; with stationd also what its transmitter left out or the network refused, of all stations.
    """

  private static let floor = """
    1,328-byte datagrams to 1,000 groups by `sendmmsg`, the trains cut by the kernel (UDP_SEGMENT), by a program that does \
    nothing else (`Sources/BareLoop`). *Paced*, it has the transmitter's real-time priority and sleeps between calls so \
    that it sends as many a second as stationd's transmitter did with the most stations: caches gone cold and wake-ups \
    are then part of the price, as they are for every sender that keeps time. *As stationd's transmitter*: with as many \
    datagrams in a call and in a train as its transmitter showed on average in the same run, rounded to whole ones; measured directly after stationd with the most stations and \
    once more at the end of the run, of which the mean is taken, since the machine's speed drifts within a run.
    """
}

/// Asks all twins how they are before this server puts anything on the air, and waits for its turn: a second at the most.
struct TwinRendezvous: Sendable {
  let registry: StationRegistry
  let twins: [Configuration.TwinAddress]
  /// For how long it waits, whatever twins do.
  var patience = Duration.seconds(1)
  /// Between two questions.
  var period = Duration.milliseconds(50)

  private struct News: Sendable {
    let twin: Configuration.TwinAddress
    /// nil: it does not answer.
    let account: AirAccount?
  }

  /// To be called when twins are let in; the registry then knows those that are on the air.
  func run() async {
    guard !twins.isEmpty else { return }
    var meeting = TwinMeeting(await registry.introduction, twins: twins)
    let (news, teller) = AsyncStream.makeStream(of: News.self)
    // Nobody waits for these to end: names may take long to resolve.
    let questions = twins.map { twin in Task { await ask(twin, teller) } }
    let limit = Task {
      try? await Task.sleep(for: patience)
      teller.finish()
    }
    for await news in news {
      if let account = news.account {
        if account.starting == nil { await registry.meet(account, at: news.twin) }
        let met = meeting.own.starting
        meeting.heard(account, from: news.twin)
        if meeting.own.starting != met { registry.twinBoard.publish(meeting.own) }
      } else {
        meeting.lost(news.twin)
      }
      if meeting.mayBegin { break }
    }
    limit.cancel()
    for question in questions { question.cancel() }
  }

  private func ask(_ twin: Configuration.TwinAddress, _ teller: AsyncStream<News>.Continuation) async {
    var link = TwinLink(address: twin)
    link.period = period
    while !Task.isCancelled {
      try? await link.ask { account in
        if let account { teller.yield(News(twin: twin, account: account)) }
        return true
      }
      teller.yield(News(twin: twin, account: nil))
      try? await Task.sleep(for: period)
    }
  }
}

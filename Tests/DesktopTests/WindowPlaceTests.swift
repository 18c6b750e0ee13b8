import Desktop
import Testing

struct WindowPlaceTests {
  @Test func aWindowOnAllOfTheScreenKeepsThePlaceItHad() {
    let small = WindowPlace(left: 300, top: 200, width: 640, height: 360)
    var whole = WindowPlace(left: 0, top: 0, width: 1280, height: 800, isFullScreen: true)
    #expect(whole.following(nil) == whole)
    #expect(whole.following(small) == WindowPlace(left: 300, top: 200, width: 640, height: 360, isFullScreen: true))
    whole.isFullScreen = false
    #expect(whole.following(small) == whole)
  }
}

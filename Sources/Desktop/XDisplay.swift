import CXCB

/// A connection to the X server. Each call waits for the server; what cannot be had is nil or empty.
@safe struct XDisplay: ~Copyable {
  typealias Window = UInt32

  /// Properties and types that are asked for, by the names that ICCCM and EWMH give them.
  struct Atoms {
    var utf8String, wmName, string: UInt32
    var netName, netPID, netState, netFullScreen, netFrame, netClients: UInt32
  }

  let atoms: Atoms
  private let connection: OpaquePointer

  /// Nil where there is no X server, or no library to talk to it.
  init?() {
    guard let connection = unsafe CXCB_open() else { return nil }
    unsafe self.connection = unsafe connection
    let atom: (String) -> UInt32 = { unsafe CXCB_atom(connection, $0) }
    atoms = Atoms(
      utf8String: atom("UTF8_STRING"), wmName: atom("WM_NAME"), string: atom("STRING"), netName: atom("_NET_WM_NAME"),
      netPID: atom("_NET_WM_PID"), netState: atom("_NET_WM_STATE"), netFullScreen: atom("_NET_WM_STATE_FULLSCREEN"),
      netFrame: atom("_NET_FRAME_EXTENTS"), netClients: atom("_NET_CLIENT_LIST"))
  }

  deinit { unsafe CXCB_close(connection) }

  var isOver: Bool { unsafe CXCB_is_over(connection) }

  var root: Window { unsafe CXCB_root(connection) }

  /// The windows right within a window, 1000 at the most.
  func children(of window: Window) -> [Window] {
    unsafe [Window](unsafeUninitializedCapacity: 1000) { room, count in
      count = unsafe CXCB_children(connection, window, room.baseAddress, room.count)
    }
  }

  /// The window right within the root window that a window is in, itself maybe: the frame of the window manager's.
  func outermost(of window: Window) -> Window {
    var (window, parent) = (window, unsafe CXCB_parent(connection, window))
    while parent != 0, parent != root { (window, parent) = (parent, unsafe CXCB_parent(connection, parent)) }
    return window
  }

  /// A property of 32-bit numbers, 1000 at the most.
  func numbers(_ property: UInt32, of window: Window) -> [UInt32] {
    unsafe [UInt32](unsafeUninitializedCapacity: 1000) { room, count in
      count = unsafe CXCB_numbers(connection, window, property, room.baseAddress, room.count)
    }
  }

  /// Where a window is on the screen, without its border.
  func place(of window: Window) -> CXCB_Place? {
    var place = CXCB_Place()
    return unsafe CXCB_place(connection, window, &place) ? place : nil
  }

  /// A window's outer corner, as seen from the window that it is right within.
  func corner(of window: Window) -> (x: Int32, y: Int32)? {
    var corner: (x: Int32, y: Int32) = (0, 0)
    return unsafe CXCB_corner(connection, window, &corner.x, &corner.y) ? corner : nil
  }

  /// Sets a property to a text of a type.
  func set(_ property: UInt32, of window: Window, to text: String, type: UInt32) {
    unsafe text.utf8CString.withUnsafeBufferPointer { bytes in
      unsafe CXCB_set_text(connection, window, property, type, bytes.baseAddress, bytes.count - 1)
    }
  }
}

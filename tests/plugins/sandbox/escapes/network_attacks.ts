/**
 * Attacks on the network: from a tool that has none, and from one that has a few addresses.
 *
 * @module
 */
import { attackScript } from "./prelude.ts";

const CONNECTING = String.raw`
def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as it:
        it.settimeout(3)
        it.connect(address)
        it.send(b"x")
    return "connected"
`;

/**
 * Reaches out where nothing is granted. Arguments: `ports`, of listeners by address; `abstract`, names of sockets;
 * `sockets`, paths of others; `datagrams`, a port.
 */
export const REACHING: string = attackScript(String.raw`${CONNECTING}
V4, V6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
for host, port in facts["ports"]:
    attack("connect to %s" % host, connect, V6 if ":" in host else V4, (host, port))
attack("send a datagram to 127.0.0.1", lambda: facts["shares"] and connect(V4, ("127.0.0.1", facts["datagrams"]), socket.SOCK_DGRAM) or None)
def abstract_socket():
    # some runtimes bind the whole length of an address
    for name in (facts["abstract"].encode(), facts["abstract"].encode().ljust(107, b"\0")):
        try: return connect(UNIX, b"\0" + name)
        except OSError as error: last = error
    raise last
attack("connect to the abstract socket", abstract_socket)
for path in facts["sockets"]:
    for way in ("", "/proc/1/root", "/proc/self/root", "/proc/%d/root" % facts["server"]):
        attack("connect to the socket %s%s" % (way, path), connect, UNIX, way + path)
def any_socket():
    found = []
    for folder, folders, files in os.walk("/" if confined else os.path.dirname(facts["userHome"])):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/usr", "/opt", "/nix")]
        for file in files:
            path = os.path.join(folder, file)
            if os.path.exists(path) and stat.S_ISSOCK(os.lstat(path).st_mode): found.append(path)
    return found or None
attack("find any socket", any_socket)
def abstract():
    lines = open("/proc/net/unix").read().splitlines()[1:]
    return [line for line in lines if "@" in line] or None
attack("find any abstract socket", abstract)
def listeners():
    return [line.split()[1] for path in ("/proc/net/tcp", "/proc/net/tcp6") for line in open(path).read().splitlines()[1:] if line.split()[3] == "0A"] or None
attack("find any listener", listeners)
if confined:
    attack("connect to a public address", connect, V4, ("192.0.2.1", 80))
    attack("connect to a public address of version 6", connect, V6, ("2001:db8::1", 80))
    attack("connect to the gateway", connect, V4, ("169.254.169.254", 80))
    attack("send a datagram to a public address", connect, V4, ("192.0.2.1", 53), socket.SOCK_DGRAM)
    attack("broadcast", lambda: [it.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1) or it.sendto(b"x", ("255.255.255.255", 9)) for it in [socket.socket(V4, socket.SOCK_DGRAM)]])
    attack("resolve a name", lambda: socket.getaddrinfo("example.com", 80))
    attack("resolve the name of the machine", lambda: facts["hostname"] == socket.gethostname() and "it is known" or None)
    def ask(server):
        it = socket.socket(V4, socket.SOCK_DGRAM)
        it.settimeout(2)
        it.sendto(bytes.fromhex("123401000001000000000000076578616d706c6503636f6d0000010001"), (server, 53))
        return it.recv(512)
    for server in facts["resolvers"]: attack("ask the resolver %s" % server, ask, server)
    def interface():
        names = [name for _, name in socket.if_nameindex() if name != "lo"]
        return names or None
    attack("find an interface", interface)
    def add_route():
        it = socket.socket(16, 3, 0)
        # RTM_NEWADDR, with 10.9.8.7/24 at lo
        body = struct.pack("BBBBi", 2, 24, 0, 0, 1) + struct.pack("HH4B", 8, 2, 10, 9, 8, 7) + struct.pack("HH4B", 8, 1, 10, 9, 8, 7)
        it.send(struct.pack("IHHII", 16 + len(body), 20, 0x505, 1, 0) + body)
        error = -struct.unpack("i", it.recv(4096)[16:20])[0]
        if error: raise OSError(error, "netlink")
        return "added"
    attack("add an address", add_route)
    def by_node(code):
        program = "require('net').connect(%s).on('connect', () => (console.log('GOT'), process.exit())).on('error', () => process.exit())" % code
        done = subprocess.run(["/usr/bin/node", "-e", program], capture_output=True, text=True, timeout=20)
        return done.stdout or None
    if os.path.exists("/usr/bin/node"): attack("connect by Node", by_node, json.dumps({"host": facts["ports"][0][0], "port": facts["ports"][0][1]}))
    def by_bash():
        done = subprocess.run(["/bin/bash", "-c", "exec 2>/dev/null; exec 3<>/dev/tcp/%s/%d && echo GOT" % tuple(facts["ports"][0])], capture_output=True, text=True, timeout=20)
        return done.stdout or None
    attack("connect by bash", by_bash)
`);

/**
 * Reaches what is not on its list. Arguments: `allowed`, a port of 127.0.0.1; `barred`, one that is not listed;
 * `socket`, the path outside of the socket that leads there, if it is known.
 */
export const PROXIED: string = attackScript(String.raw`${CONNECTING}
proxy = os.environ.get("http_proxy", "http://127.0.0.1:9").rsplit("/", 1)[-1].split(":")
inside = glob.glob("/run/collet/*.sock")
def speak(it, text):
    it.settimeout(5)
    it.sendall(text)
    answer = b""
    try:
        while len(answer) < 65536:
            piece = it.recv(4096)
            if not piece: break
            answer += piece
            if b"hello from" in answer: break
    except TimeoutError: pass
    return answer
def through(text):
    """Whatever is said to the proxy, the listener that is not on the list must not answer."""
    answer = speak(socket.create_connection((proxy[0], int(proxy[1])), 5), text)
    if inside:
        it = socket.socket(socket.AF_UNIX)
        it.connect(inside[0])
        answer += speak(it, text)
    return answer.decode(errors="replace") if b"hello from barred" in answer else None

def listed():
    it = socket.create_connection(("127.0.0.1", facts["allowed"]), 5)
    answer = speak(it, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return answer.decode() if b"hello from allowed" in answer else None
attack("reach what is listed", listed)
port = facts["barred"]
attack("connect to what is not listed", connect, socket.AF_INET, ("127.0.0.1", port))
for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1.", "LOCALHOST", "127.0.0.1%00.example.com", "user@127.0.0.1", "127.0.0.1:%d@127.0.0.1" % facts["allowed"], "127.0.0.2"):
    attack("tunnel to %s" % host, through, b"CONNECT %s:%d HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" % (host.encode(), port))
    attack("request of %s" % host, through, b"GET http://%s:%d/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (host.encode(), port, facts["allowed"]))
good = facts["allowed"]
attack("another host in the fields", through, b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (good, port))
attack("two requests on one connection", through, b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\nGET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n\r\n" % (good, port))
attack("a line within the target", through, b"CONNECT 127.0.0.1:%d\n127.0.0.1:%d HTTP/1.1\r\n\r\n" % (good, port))
attack("a tab within the target", through, b"CONNECT 127.0.0.1:%d\t127.0.0.1:%d HTTP/1.1\r\n\r\n" % (good, port))
attack("a port beyond the last", through, b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" % (65536 + port))
attack("no host", through, b"CONNECT :%d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" % port)
attack("another method", through, b"BIND 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port)
attack("SOCKS 5", through, bytes([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1]) + port.to_bytes(2, "big") + b"GET / HTTP/1.1\r\n\r\n")
attack("SOCKS 4", through, bytes([4, 1]) + port.to_bytes(2, "big") + bytes([127, 0, 0, 1, 0]) + b"GET / HTTP/1.1\r\n\r\n")
attack("replace the socket", lambda: [os.remove(path) or "removed" for path in inside] or None)
if facts.get("other"): attack("use the socket of another list", connect, socket.AF_UNIX, facts["other"])
# it stays a while, so that others find its socket
time.sleep(facts.get("stay", 0))
`);

"""An unclean network: a TCP proxy in front of a port, in a thread of its own, that does to connections what networks do.

    with Proxy(listen=port, target=("127.0.0.1", other)) as proxy:
        proxy.delay_s = 0.05           # before each piece of data, each way
        proxy.bytes_per_s = 1_000_000  # for all connections together, each way
        proxy.cut()                    # every connection, at once (reset)
        proxy.half_close()             # every connection: nothing more comes back from the target, what is sent is swallowed
"""
import asyncio, random, socket, struct, threading

PIECE = 64 * 1024


class Proxy:
    def __init__(self, listen, target, seed=1):
        self.listen, self.target, self.rng = listen, target, random.Random(seed)
        self.delay_s, self.bytes_per_s, self.connections, self.accepted = 0.0, None, [], 0
        self.loop, self.started = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.free_at = {}

    def __enter__(self):
        self.thread.start()
        self.started.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.listen, limit=PIECE))
        self.started.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        self.accepted += 1
        try:
            target_reader, target_writer = await asyncio.open_connection(*self.target, limit=PIECE)
        except OSError:
            return writer.close()
        connection = {"writers": (writer, target_writer), "deaf": False}
        self.connections.append(connection)
        await asyncio.gather(self.pipe(connection, reader, target_writer, "up"), self.pipe(connection, target_reader, writer, "down"))
        self.connections.remove(connection)

    async def pipe(self, connection, reader, writer, way):
        try:
            while data := await reader.read(PIECE):
                await self.hold_up(len(data), way)
                if connection["deaf"]:
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the other end is gone; so is this one in a moment
        finally:
            writer.close()

    async def hold_up(self, size, way):
        """Delay, and the share of the common bandwidth."""
        wait = self.rng.uniform(0, 2 * self.delay_s) if self.delay_s else 0
        if self.bytes_per_s:
            now = self.loop.time()
            self.free_at[way] = max(now, self.free_at.get(way, now)) + size / self.bytes_per_s
            wait += self.free_at[way] - now
        if wait:
            await asyncio.sleep(wait)

    def each(self, action):
        def act():
            for connection in list(self.connections):
                action(connection)
        self.loop.call_soon_threadsafe(act)

    def cut(self):
        def reset(connection):
            for writer in connection["writers"]:
                sock = writer.get_extra_info("socket")
                if sock is not None and sock.fileno() >= 0:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
        self.each(reset)

    def half_close(self):
        def go_deaf(connection):
            connection["deaf"] = True
            writer = connection["writers"][1]
            if writer.can_write_eof() and not writer.transport.is_closing():
                writer.write_eof()
        self.each(go_deaf)

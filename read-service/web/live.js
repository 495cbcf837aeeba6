// What has happened, as the service tells it: events only say that something is to be looked at anew, so that any
// number of them costs one look at a time.

const topics = ["ordering.events", "allocation.events", "dead-letters"];
const types = [
  "ordering.v1.OrderCreated", "ordering.v1.OrderAllocated", "ordering.v1.OrderPaid", "ordering.v1.OrderShipped",
  "ordering.v1.OrderCancelled", "allocation.v1.BatchCreated", "allocation.v1.BatchQuantityChanged",
  "allocation.v1.Allocated", "allocation.v1.Deallocated", "allocation.v1.OutOfStock", "dead-letters", "unknown",
];

/** told(type): an event came; type null: look at everything. connected(true or false). */
export function listen(told, connected) {
  const source = new EventSource("/stream?topic=" + topics.join(","));
  source.addEventListener("open", () => connected(true));
  source.addEventListener("reset", () => told(null));
  for (const type of types) source.addEventListener(type, () => told(type));
  source.addEventListener("error", () => {
    connected(false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself, from where it was
    setTimeout(() => {
      told(null);
      listen(told, connected);
    }, 3000);
  });
}

/** Runs `task` at once, and again after `pause_ms` if it was wanted meanwhile; never twice at a time. */
export function coalesce(task, pause_ms) {
  let running = false, wanted = false;
  return async function run() {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      await task();
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
    running = false;
  };
}

import { connect, createServer, type Socket } from "node:net";

/**
 * Carries bytes both ways and holds each back for half a round trip, without limiting how many are on the way. A process of
 * its own, so that its work is nobody's: `node bench/copy/delay-proxy.ts PORT MILLISECONDS`; prints the port it listens on.
 */
const [target = "", half = "0"] = process.argv.slice(2);
const delayMs = Number(half);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: Number(target), host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  carry(client, upstream);
  carry(upstream, client);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") console.log(address.port);
});

function carry(from: Socket, to: Socket): void {
  from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), delayMs));
  from.on("end", () => setTimeout(() => to.end(), delayMs));
  from.on("error", () => setTimeout(() => to.destroy(), delayMs));
}

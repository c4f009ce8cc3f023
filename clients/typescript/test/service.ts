/** What the tests talk to: the real service, and real servers that misbehave. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const CLIENT = resolve(import.meta.dirname, "../..");
export const ROOT = resolve(CLIENT, "../..");
const PYTHON = resolve(CLIENT, process.env["XENT_PYTHON"] ?? "../../.venv/bin/python");

export interface Running {
  address: string;
  stop(): Promise<void>;
}

// One process, which ends at once; and nobody reads what it tells.
const OURS = { XENT_PORT: "0", XENT_WORKERS: "1", XENT_DRAIN_SECONDS: "0", XENT_LOG_REQUESTS: "false" };

/** `python -m app` on a free port, with these XENT_ variables and no others: it refuses those that it doesn't know. */
export async function startService(settings: Record<string, string> = {}): Promise<Running> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("XENT_"));
  const service = spawn(PYTHON, ["-m", "app"], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...OURS, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(service, "exit");
  const announcement = once(createInterface(service.stdout), "line");
  const failed = ended.then(() => Promise.reject(new Error(`the service ended; it was started with ${PYTHON}`)));
  const [line] = (await Promise.race([announcement, failed])) as [string];
  failed.catch(() => {}); // ends later, as it should
  const [address] = /http:\/\/[^,]+/.exec(line) ?? [];
  if (address === undefined) {
    throw new Error(`the service announced: ${line}`);
  }
  return {
    address,
    async stop() {
      service.kill();
      await ended;
    },
  };
}

export interface Arrival {
  at: number;
  request: IncomingMessage;
  body: string;
}

export interface Stub extends Running {
  arrivals: Arrival[];
}

/** A server whose n-th listener responds to the n-th request, and the last one to all after it. */
export async function startStub(...listeners: RequestListener[]): Promise<Stub> {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const arrival = { at: performance.now(), request, body: "" };
    arrivals.push(arrival);
    const listener = listeners[Math.min(arrivals.length, listeners.length) - 1];
    for await (const piece of request.setEncoding("utf8")) {
      arrival.body += piece;
    }
    listener?.(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** One complete response. */
export function respond(status: number, content: unknown, headers: Record<string, string> = {}): RequestListener {
  const body = typeof content === "string" ? content : JSON.stringify(content);
  return (_, response) => response.writeHead(status, headers).end(body);
}

/** A problem as the service writes it. */
export function problem(status: number, headers: Record<string, string> = {}): RequestListener {
  const content = { type: "about:blank", title: "-", status, detail: `no: ${status}`, errors: [] };
  return respond(status, content, { "Content-Type": "application/problem+json", ...headers });
}

/** Closes the connection in the middle of a response. */
export const die: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Length": "1000" });
  response.write('{"per_sample": [0.5,', () => response.destroy());
};

/** Never responds. */
export const stall: RequestListener = () => {};

/** Responds a byte at a time, so that no wait for the next one times out. */
export const drip: RequestListener = (_, response) => {
  response.writeHead(200);
  const dripping = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(dripping));
};

/** Where the TypeScript compiler is. */
export const TSC = join(CLIENT, "node_modules/typescript/bin/tsc");

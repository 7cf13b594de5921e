import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** A received webhook call with a valid signature. */
export interface Call {
  type: string;
  text: string;
  data: {
    id: string;
    kind: string;
    plan?: { id: string; name: string };
    instances?: { id: string; name: string; reason: string }[];
    task?: string;
    url: string;
  };
}

/** A webhook receiver that verifies signatures as an operator's receiver would. */
export class WebhookReceiver {
  readonly calls: Call[] = [];
  /** Calls without a valid signature. */
  readonly forged: string[] = [];
  /** Response status of the following calls; only calls with status 204 are recorded. */
  status = 204;
  #key: Buffer;
  #server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const signed = request.method === "POST" && verified(this.#key, request.headers, body);
    if (!signed) this.forged.push(`${request.method} ${JSON.stringify(request.headers)}`);
    else if (this.status === 204) this.calls.push(JSON.parse(body.toString("utf8")));
    response.writeHead(signed ? this.status : 401).end();
  });

  constructor(secretFile: string) {
    const secret = readFileSync(secretFile, "utf8").trim();
    this.#key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  }

  async listen(port: number) {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Verifies a signature as specified in https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function verified(key: Buffer, headers: IncomingHttpHeaders, body: Buffer) {
  const at = String(headers["webhook-timestamp"]);
  const recent = Math.abs(Date.now() / 1000 - Number(at)) < 300;
  const want = createHmac("sha256", key).update(`${headers["webhook-id"]}.${at}.`).update(body);
  const wanted = Buffer.from(`v1,${want.digest("base64")}`);
  return (
    recent &&
    String(headers["webhook-signature"])
      .split(" ")
      .map((signature) => Buffer.from(signature))
      .some((got) => got.length === wanted.length && timingSafeEqual(got, wanted))
  );
}

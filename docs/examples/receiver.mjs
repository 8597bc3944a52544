// Takes Faro's events; needs Node.js 18 or newer and no packages. Behind a proxy that speaks HTTPS.
//
//     WEBHOOK_SECRETS=whsec_... PORT=8090 node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

// Two while a secret is being changed: one that fits is enough.
const SECRETS = process.env.WEBHOOK_SECRETS.split(",").map((secret) =>
  Buffer.from(secret.replace(/^whsec_/, ""), "base64"),
);
const LARGEST = 20_000;
const TOLERANCE_SECONDS = 300;
const seen = new Set(); // In your system: a table with the webhook-id as its key.

function signed(headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const given = headers["webhook-signature"];
  if (!id || !given || !/^\d{1,11}$/.test(timestamp ?? "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  return SECRETS.some((secret) => {
    // The bytes as they came: JSON that was read and written again has another signature.
    const ours = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body).digest();
    return given.split(" ").some((one) => {
      const [version, signature] = one.split(",");
      const theirs = Buffer.from(signature ?? "", "base64");
      return version === "v1" && theirs.length === ours.length && timingSafeEqual(theirs, ours);
    });
  });
}

async function take(request, response) {
  const answer = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.method !== "POST") return answer(405, {});
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= LARGEST) chunks.push(chunk);
  }
  if (length > LARGEST) return answer(413, {});
  const body = Buffer.concat(chunks);
  if (!signed(request.headers, body)) return answer(401, {});
  const event = JSON.parse(body.toString("utf8"));
  if (!seen.has(request.headers["webhook-id"])) {
    seen.add(request.headers["webhook-id"]);
    console.log(event.type, event.data.reference); // Here it goes into your system.
  }
  return answer(200, { booking_id: event.data.request_id, status: "received" });
}

createServer((request, response) => {
  // A visitor who hangs up in the middle ends their own request and not the server.
  take(request, response).catch(() => response.destroy());
}).listen(Number(process.env.PORT ?? 8090), "127.0.0.1");

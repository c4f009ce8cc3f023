/**
 * The mean loss of a small batch, with the TypeScript client. In a folder with a package.json:
 *
 *     npm --prefix …/clients/typescript ci && npm install "$(npm pack …/clients/typescript)"
 *     node loss.ts [URL]    # from Node 22.18 on; older ones run what `tsc` makes of it
 */
import { createXent, tensor } from "xent-client";

const xent = createXent({ baseUrl: process.argv[2] ?? "http://127.0.0.1:8000" });

const logits = tensor(Float64Array.of(2, 0.5, 1, 0.1, 1, 3), [2, 3]); // two samples, three classes
const { loss_type, reduced } = await xent.loss({ logits, labels: [1, 2] });

console.log(`${Number(reduced?.value).toFixed(6)} nats (${loss_type})`);

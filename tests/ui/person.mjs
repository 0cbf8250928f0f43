// A person with a DID of their own (did:key, Ed25519), who signs decisions.

import { generateKeyPairSync, sign } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Base58btc; the bytes here never begin with a zero. */
function base58(bytes) {
  let [number, text] = [BigInt(`0x${Buffer.from(bytes).toString("hex")}`), ""];
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return text;
}

export class Person {
  #key;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
    this.#key = privateKey;
    // Multicodec ed25519-pub.
    this.fragment = `z${base58([0xed, 0x01, ...raw])}`;
    this.did = `did:key:${this.fragment}`;
  }

  /** A compact JWS over a text. */
  sign(text) {
    const encode = (part) => Buffer.from(part).toString("base64url");
    const header = JSON.stringify({ alg: "EdDSA", kid: `${this.did}#${this.fragment}` });
    const input = `${encode(header)}.${encode(text)}`;
    return `${input}.${encode(sign(null, Buffer.from(input), this.#key))}`;
  }
}

#!/usr/bin/env node
// Writes deployment.json: where the CREATE2 deployer puts each contract of out/. With --check it compares instead.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { keccak256 } = createRequire(import.meta.url)("js-sha3");

const CHAIN_ID = 137;
const DEPLOYER = "4e59b44847b379578588920ca78fbf26c0b4956c";
const SALT = "00".repeat(32);

const root = new URL("../", import.meta.url);
const target = new URL("deployment.json", root);

const hash = (hex) => keccak256(Buffer.from(hex, "hex"));

/** EIP-55 spelling of 40 hex digits. */
function checksummed(digits) {
  const nibbles = keccak256(digits);
  const cased = [...digits].map((digit, i) => (parseInt(nibbles[i], 16) >= 8 ? digit.toUpperCase() : digit));
  return `0x${cased.join("")}`;
}

/** Address and init-code hash of a contract, given the addresses that its constructor takes. */
function place(name, ...constructorArguments) {
  const artifact = JSON.parse(readFileSync(new URL(`out/${name}.sol/${name}.json`, root), "utf8"));
  const words = constructorArguments.map((address) => address.slice(2).toLowerCase().padStart(64, "0"));
  const initCodeHash = hash(artifact.bytecode.object.slice(2) + words.join(""));
  return { address: checksummed(hash(`ff${DEPLOYER}${SALT}${initCodeHash}`).slice(24)), hash: `0x${initCodeHash}` };
}

const erc20 = place("AionERC20");
const erc721 = place("AionERC721");
const account = place("AionAccount");
const anchor = place("AionAnchor");
const factory = place("TokenFactory", erc20.address, erc721.address);

const deployment = {
  chainId: CHAIN_ID,
  factory: factory.address,
  erc20Implementation: erc20.address,
  erc721Implementation: erc721.address,
  accountImplementation: account.address,
  anchor: anchor.address,
  initCodeHashes: {
    factory: factory.hash,
    erc20Implementation: erc20.hash,
    erc721Implementation: erc721.hash,
    accountImplementation: account.hash,
    anchor: anchor.hash,
  },
};
const text = `${JSON.stringify(deployment, null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write(`deployment.json differs from the build, which gives:\n${text}`);
  process.exitCode = 1;
}

// Lets the providers' own SDKs read fixtures from a loopback server, and prints what each gave as one line of JSON.
// Arguments: folders of fixtures. `front.*` are what our own API writes, read by OpenAI's SDK.

import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

// Nothing that a line or a character ends with.
const PIECE_BYTES = 11;
const TIMEOUT_MS = 10_000;

const files = new Map();
for (const folder of process.argv.slice(2)) {
  for (const name of readdirSync(folder)) files.set(name, readFileSync(join(folder, name)));
}

// The first part of a path names the fixture.
const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.split("/")[1]);
  const bytes = files.get(name);
  request.resume();
  if (!bytes) return response.writeHead(404).end();
  const type = name.endsWith(".sse") ? "text/event-stream" : "application/json";
  response.writeHead(200, { "content-type": type });
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) response.write(bytes.subarray(at, at + PIECE_BYTES));
  response.end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = (name) => `http://127.0.0.1:${server.address().port}/${name}`;

const options = { apiKey: "none", maxRetries: 0, timeout: TIMEOUT_MS };
const messages = [{ role: "user", content: "Hi" }];

async function chat(name) {
  const client = new OpenAI({ ...options, baseURL: base(name) });
  const body = { model: "m", messages };
  const reply = name.endsWith(".sse")
    ? await client.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion()
    : await client.chat.completions.create(body);
  const { message, finish_reason } = reply.choices[0];
  const calls = (message.tool_calls ?? []).map((call) => [call.id, call.function.name, call.function.arguments]);
  const usage = reply.usage && {
    input: reply.usage.prompt_tokens,
    cached: reply.usage.prompt_tokens_details?.cached_tokens ?? 0,
    output: reply.usage.completion_tokens,
    reasoning: reply.usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
  const [text, refusal] = [message.content ?? "", message.refusal ?? ""];
  return { text, refusal, reasoning: "", calls, signatures: [], usage, stop: finish_reason };
}

async function responses(name) {
  const client = new OpenAI({ ...options, baseURL: base(name) });
  const body = { model: "m", input: "Hi" };
  const reply = name.endsWith(".sse")
    ? await client.responses.stream(body).finalResponse()
    : await client.responses.create(body);
  if (reply.error) return { error: "upstream" };
  const of = (type) => reply.output.filter((item) => item.type === type);
  const content = of("message").flatMap((item) => item.content);
  return {
    text: reply.output_text,
    refusal: content.map((part) => part.refusal ?? "").join(""),
    reasoning: of("reasoning").flatMap((item) => item.summary.map((part) => part.text)).join(""),
    calls: of("function_call").map((item) => [item.call_id, item.name, item.arguments]),
    signatures: of("reasoning").map((item) => item.encrypted_content),
    usage: {
      input: reply.usage.input_tokens,
      cached: reply.usage.input_tokens_details.cached_tokens,
      output: reply.usage.output_tokens,
      reasoning: reply.usage.output_tokens_details.reasoning_tokens,
    },
    stop: reply.incomplete_details?.reason ?? reply.status,
  };
}

async function anthropic(name) {
  const client = new Anthropic({ ...options, baseURL: base(name) });
  const body = { model: "m", max_tokens: 9, messages };
  const reply = name.endsWith(".sse")
    ? await client.messages.stream(body).finalMessage()
    : await client.messages.create(body);
  const of = (type) => reply.content.filter((block) => block.type === type);
  const { usage } = reply;
  return {
    text: of("text").map((block) => block.text).join(""),
    refusal: "",
    reasoning: of("thinking").map((block) => block.thinking).join(""),
    calls: of("tool_use").map((block) => [block.id, block.name, JSON.stringify(block.input)]),
    signatures: [...of("thinking").map((block) => block.signature), ...of("redacted_thinking").map((block) => block.data)],
    usage: {
      input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      cached: usage.cache_read_input_tokens ?? 0,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
    },
    stop: reply.stop_reason,
  };
}

async function gemini(name) {
  const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: base(name), timeout: TIMEOUT_MS } });
  const body = { model: "m", contents: "Hi" };
  const pieces = [];
  if (name.endsWith(".sse")) {
    for await (const piece of await client.models.generateContentStream(body)) pieces.push(piece);
  } else {
    pieces.push(await client.models.generateContent(body));
  }
  const candidates = pieces.map((piece) => piece.candidates?.[0]);
  const parts = candidates.flatMap((candidate) => candidate?.content?.parts ?? []);
  const text = (thought) => parts.filter((part) => !!part.thought === thought).map((part) => part.text ?? "").join("");
  const usage = pieces.map((piece) => piece.usageMetadata).filter(Boolean).at(-1);
  const called = parts.map((part) => part.functionCall).filter(Boolean);
  const stop = candidates.map((candidate) => candidate?.finishReason).find(Boolean);
  return {
    text: text(false),
    refusal: "",
    reasoning: text(true),
    calls: called.map((call) => [call.id ?? "", call.name, JSON.stringify(call.args)]),
    signatures: parts.map((part) => part.thoughtSignature).filter(Boolean),
    usage: usage && {
      input: usage.promptTokenCount,
      cached: usage.cachedContentTokenCount ?? 0,
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      reasoning: usage.thoughtsTokenCount ?? 0,
    },
    stop: stop ?? pieces[0].promptFeedback?.blockReason,
  };
}

// llama.cpp's server is read by OpenAI's SDK, as its users do; the Workers AI binding has none.
const readers = [
  ["front.", chat],
  ["openai-chat.", chat],
  ["llama-cpp.", chat],
  ["openai-responses.", responses],
  ["anthropic.", anthropic],
  ["gemini.", gemini],
];
// An upstream that says that it failed; anything else is a fixture that an SDK cannot read.
const isUpstream = (error) => error instanceof OpenAI.APIError || error instanceof Anthropic.APIError;
const failure = (error) => ({ error: isUpstream(error) ? "upstream" : `${error.constructor.name}: ${error.message}` });
try {
  for (const name of [...files.keys()].sort()) {
    const read = readers.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (!read) continue;
    const reply = await read(name).catch(failure);
    if (reply.calls) reply.calls = reply.calls.map(([id, name, json]) => [id, name, JSON.parse(json)]);
    console.log(JSON.stringify({ name, reply }));
  }
} finally {
  server.closeAllConnections();
  server.close();
}

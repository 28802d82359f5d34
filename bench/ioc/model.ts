/**
 * How long a node of eight cards takes for one iteration of DeepSeek-R1, tensor-parallel over all eight, FP8 weights: the model of document
 * 002, section 6.1. Prefill and decode share iterations (continuous batching), each of them three sums: a fixed part, the
 * matrix products (bound by memory while the batch is small, by compute when it holds prompts), and reading the cache of keys and values.
 */
export interface Card {
  name: string;
  /** Dense FP8, TFLOPS; where a data sheet prints INT8 alone, that: the two are equal on these cards. */
  teraflops: number;
  /** GB/s. */
  bandwidth: number;
  /** GB. */
  memory: number;
  /** W. */
  power: number;
  source: string;
}

/**
 * Eight of each hold the weights, and their power is known: of the 25 rows of `gpu_specs` these four.
 * An eight of H100 or A100 has 640 GB, which 671 GB do not fit into.
 */
export const CARDS: readonly Card[] = [
  {
    name: 'B200',
    teraflops: 4500,
    bandwidth: 8000,
    memory: 192,
    power: 1000,
    source: 'citsjtu2020/LLM-Prof 8434c8d',
  },
  {
    name: 'H200',
    teraflops: 1979,
    bandwidth: 4800,
    memory: 141,
    power: 700,
    source: 'citsjtu2020/LLM-Prof 8434c8d',
  },
  {
    name: 'MI300X',
    teraflops: 2600,
    bandwidth: 5300,
    memory: 192,
    power: 750,
    source: 'giacomo-brunetta/MLPerf_per_Watt',
  },
  {
    name: 'H20',
    teraflops: 296,
    bandwidth: 4022,
    memory: 96,
    power: 400,
    source: 'citsjtu2020/LLM-Prof 8434c8d; power: ArthurChiao data sheets 0fb7e91',
  },
];

export const CARDS_PER_NODE = 8;

/** DeepSeek-V3 technical report (arXiv 2412.19437), tables 1 and section 4.2, and the model's config.json. */
const PARAMETERS = 671e9;
const LAYERS = 61;
const EXPERT_LAYERS = 58;
const EXPERTS = 256;
const EXPERTS_PER_TOKEN = 8;
/** Three matrices of 7,168 by 2,048. */
const EXPERT_PARAMETERS = 3 * 7168 * 2048;
const ROUTED = EXPERT_LAYERS * EXPERTS * EXPERT_PARAMETERS;
const ACTIVE_PARAMETERS = 37e9;
/** Compressed keys and values: 512 and 64 numbers a layer, two bytes each; every card of the eight holds all of it. */
export const CACHE_BYTES_PER_TOKEN = (512 + 64) * LAYERS * 2;
/** Floating-point operations for one token to attend to one other: 128 heads, keys of 192 and values of 128. */
const ATTENTION_FLOPS = 2 * 128 * (192 + 128) * LAYERS;

/**
 * Fitted to a published run (`InferenceX` issue 870: eight H200, SGLang 0.5.7, FP8, 1,024 tokens in and out): time per token 12.8, 17.2,
 * 25.6, 34.6 ms at 8, 16, 32, 64 requests at once. See docs/results/ioc.md for what the model says to each.
 */
const BANDWIDTH_SHARE = 0.56;
const COMPUTE_SHARE = 0.22;
const FIXED_SECONDS = 0.005;
/** What a prompt waits for outside the cards, seconds: tokenising, scheduling. */
export const PROMPT_SECONDS = 0.1;
/** Share of the memory that activations and buffers leave for weights and cache. */
const USABLE_MEMORY = 0.95;
/** Prompt tokens that one iteration takes on at most. */
export const PREFILL_BUDGET = 8_192;

/** Tokens that the cache holds. */
export function cacheTokens(card: Card): number {
  const free = card.memory * 1e9 * USABLE_MEMORY - PARAMETERS / CARDS_PER_NODE;
  return Math.floor(free / CACHE_BYTES_PER_TOKEN);
}

/** Bytes of weights that an iteration over so many tokens reads: all that is dense, and the experts that some token is sent to. */
export function weightBytes(tokens: number): number {
  const touched = 1 - (1 - EXPERTS_PER_TOKEN / EXPERTS) ** tokens;
  return PARAMETERS - ROUTED + ROUTED * touched;
}

/** An iteration's work: prompts' tokens, what each of them attends to, running requests, and the tokens that those attend to. */
export interface Iteration {
  promptTokens: number;
  /** Sum over the prompt tokens of the tokens before each. */
  promptPairs: number;
  running: number;
  contextTokens: number;
}

/** Seconds that the node takes when nobody else uses it. */
export function iterationSeconds(card: Card, work: Iteration): number {
  const tokens = work.promptTokens + work.running;
  const flops = tokens * 2 * ACTIVE_PARAMETERS + work.promptPairs * ATTENTION_FLOPS;
  const memory = weightBytes(tokens) / (CARDS_PER_NODE * card.bandwidth * 1e9 * BANDWIDTH_SHARE);
  const compute = flops / (CARDS_PER_NODE * card.teraflops * 1e12 * COMPUTE_SHARE);
  return FIXED_SECONDS + Math.max(memory, compute) + work.contextTokens * contextSeconds(card);
}

/** Seconds that one more token of context adds to an iteration. */
export function contextSeconds(card: Card): number {
  return CACHE_BYTES_PER_TOKEN / (card.bandwidth * 1e9 * BANDWIDTH_SHARE);
}

/** Seconds for a prompt alone on an idle node. */
export function promptSeconds(card: Card, tokens: number): number {
  const work = { promptTokens: tokens, promptPairs: (tokens * tokens) / 2, running: 0, contextTokens: 0 };
  return iterationSeconds(card, work);
}

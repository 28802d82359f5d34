-- CreateTable
CREATE TABLE "chain" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "chainId" INTEGER NOT NULL,
    "genesisHash" TEXT NOT NULL,
    "auction" TEXT NOT NULL,

    CONSTRAINT "chain_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "block" (
    "number" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "parentHash" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,

    CONSTRAINT "block_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "chain_event" (
    "blockNumber" BIGINT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "blockHash" TEXT NOT NULL,
    "txHash" TEXT NOT NULL,
    "contract" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "args" JSONB NOT NULL,

    CONSTRAINT "chain_event_pkey" PRIMARY KEY ("blockNumber","logIndex")
);

-- CreateTable
CREATE TABLE "account" (
    "address" TEXT NOT NULL,
    "available" DECIMAL(78,0) NOT NULL,
    "bidding" DECIMAL(78,0) NOT NULL,
    "unbidding" DECIMAL(78,0) NOT NULL,
    "staked" DECIMAL(78,0) NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "provider" (
    "address" TEXT NOT NULL,
    "payout" TEXT NOT NULL,
    "signer" TEXT NOT NULL,
    "metadata" TEXT NOT NULL,
    "stake" DECIMAL(78,0) NOT NULL,
    "exitAt" BIGINT,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "provider_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "node" (
    "id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "x" TEXT NOT NULL,
    "y" TEXT NOT NULL,
    "z" TEXT NOT NULL,
    "className" TEXT NOT NULL,
    "resourceClass" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "cards" INTEGER NOT NULL,
    "networkMbps" BIGINT NOT NULL,
    "storageGb" BIGINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease" (
    "id" BIGINT NOT NULL,
    "consumer" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "slot" BIGINT,
    "cards" INTEGER NOT NULL,
    "duration" BIGINT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "rate" DECIMAL(78,0) NOT NULL,
    "locked" DECIMAL(78,0) NOT NULL,
    "paid" DECIMAL(78,0) NOT NULL,
    "fee" DECIMAL(78,0) NOT NULL,
    "refunded" DECIMAL(78,0) NOT NULL,
    "settledUntil" BIGINT NOT NULL,
    "workload" TEXT NOT NULL,
    "endReason" TEXT NOT NULL,
    "settled" BOOLEAN NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "slot" (
    "slot" BIGINT NOT NULL,
    "scheduler" TEXT NOT NULL,
    "closeBlock" BIGINT NOT NULL,
    "seed" TEXT NOT NULL,
    "gammaWad" DECIMAL(78,0) NOT NULL,
    "pageCount" INTEGER NOT NULL,
    "pagesCommitted" INTEGER NOT NULL,
    "orderCount" INTEGER NOT NULL,
    "askCount" INTEGER NOT NULL,
    "nodeCount" INTEGER NOT NULL,
    "matchCount" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "ordersRoot" TEXT NOT NULL,
    "asksRoot" TEXT NOT NULL,
    "vectorsRoot" TEXT NOT NULL,
    "matchesRoot" TEXT NOT NULL,
    "inputsHash" TEXT NOT NULL,
    "txHash" TEXT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "slot_pkey" PRIMARY KEY ("slot")
);

-- CreateTable
CREATE TABLE "fill" (
    "id" TEXT NOT NULL,
    "filled" INTEGER NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "fill_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "used_nonce" (
    "account" TEXT NOT NULL,
    "nonce" DECIMAL(78,0) NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "used_nonce_pkey" PRIMARY KEY ("account","nonce")
);

-- CreateTable
CREATE TABLE "order" (
    "id" TEXT NOT NULL,
    "consumer" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "signature" TEXT NOT NULL,
    "slot" BIGINT NOT NULL,
    "validUntil" BIGINT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ask" (
    "id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "signature" TEXT NOT NULL,
    "slot" BIGINT NOT NULL,
    "validUntil" BIGINT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ask_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "listing" (
    "id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "resourceClass" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "signature" TEXT NOT NULL,
    "price" DECIMAL(78,0) NOT NULL,
    "cards" INTEGER NOT NULL,
    "validUntil" BIGINT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "listing_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workload" (
    "hash" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workload_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "receipt" (
    "slot" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "item" TEXT NOT NULL,
    "head" TEXT NOT NULL,
    "scheduler" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "receipt_pkey" PRIMARY KEY ("slot","seq")
);

-- CreateTable
CREATE TABLE "refusal" (
    "kind" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "count" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "refusal_pkey" PRIMARY KEY ("kind","code")
);

-- CreateTable
CREATE TABLE "lease_report" (
    "leaseId" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "exitCode" INTEGER,
    "heartbeats" INTEGER NOT NULL,
    "lastBeatAt" TIMESTAMP(3) NOT NULL,
    "sandbox" TEXT NOT NULL,

    CONSTRAINT "lease_report_pkey" PRIMARY KEY ("leaseId")
);

-- CreateTable
CREATE TABLE "lease_log" (
    "leaseId" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "lease_log_pkey" PRIMARY KEY ("leaseId","seq")
);

-- CreateTable
CREATE TABLE "slot_run" (
    "slot" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "matched" INTEGER NOT NULL,
    "unmatched" INTEGER NOT NULL,
    "manifest" BYTEA NOT NULL,
    "error" TEXT,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "slot_run_pkey" PRIMARY KEY ("slot")
);

-- CreateTable
CREATE TABLE "order_outcome" (
    "orderId" TEXT NOT NULL,
    "slot" BIGINT NOT NULL,
    "code" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "order_outcome_pkey" PRIMARY KEY ("orderId","slot")
);

-- CreateTable
CREATE TABLE "slot_match" (
    "slot" BIGINT NOT NULL,
    "index" INTEGER NOT NULL,
    "orderId" TEXT NOT NULL,
    "askId" TEXT NOT NULL,
    "runnerUp" TEXT,
    "step" INTEGER NOT NULL,
    "price" DECIMAL(78,0) NOT NULL,
    "shortlist" JSONB NOT NULL,

    CONSTRAINT "slot_match_pkey" PRIMARY KEY ("slot","index")
);

-- CreateTable
CREATE TABLE "tx_intent" (
    "id" BIGSERIAL NOT NULL,
    "effect" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "nonce" INTEGER NOT NULL,
    "raw" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "replaced" TEXT[],
    "state" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tx_intent_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "block_hash_key" ON "block"("hash");

-- CreateIndex
CREATE INDEX "chain_event_name_blockNumber_idx" ON "chain_event"("name", "blockNumber");

-- CreateIndex
CREATE INDEX "node_provider_idx" ON "node"("provider");

-- CreateIndex
CREATE INDEX "node_resourceClass_idx" ON "node"("resourceClass");

-- CreateIndex
CREATE INDEX "lease_consumer_idx" ON "lease"("consumer");

-- CreateIndex
CREATE INDEX "lease_provider_idx" ON "lease"("provider");

-- CreateIndex
CREATE INDEX "lease_slot_idx" ON "lease"("slot");

-- CreateIndex
CREATE INDEX "lease_settled_end_idx" ON "lease"("settled", "end");

-- CreateIndex
CREATE INDEX "order_consumer_idx" ON "order"("consumer");

-- CreateIndex
CREATE INDEX "order_slot_idx" ON "order"("slot");

-- CreateIndex
CREATE INDEX "order_validUntil_idx" ON "order"("validUntil");

-- CreateIndex
CREATE INDEX "ask_provider_idx" ON "ask"("provider");

-- CreateIndex
CREATE INDEX "ask_node_idx" ON "ask"("node");

-- CreateIndex
CREATE INDEX "ask_slot_idx" ON "ask"("slot");

-- CreateIndex
CREATE INDEX "ask_validUntil_idx" ON "ask"("validUntil");

-- CreateIndex
CREATE INDEX "listing_node_idx" ON "listing"("node");

-- CreateIndex
CREATE INDEX "listing_resourceClass_price_idx" ON "listing"("resourceClass", "price");

-- CreateIndex
CREATE UNIQUE INDEX "receipt_item_key" ON "receipt"("item");

-- CreateIndex
CREATE INDEX "order_outcome_slot_idx" ON "order_outcome"("slot");

-- CreateIndex
CREATE INDEX "slot_match_orderId_idx" ON "slot_match"("orderId");

-- CreateIndex
CREATE UNIQUE INDEX "tx_intent_effect_key" ON "tx_intent"("effect");

-- CreateIndex
CREATE UNIQUE INDEX "tx_intent_sender_nonce_key" ON "tx_intent"("sender", "nonce");

-- AddForeignKey
ALTER TABLE "node" ADD CONSTRAINT "node_provider_fkey" FOREIGN KEY ("provider") REFERENCES "provider"("address") ON DELETE RESTRICT ON UPDATE CASCADE;

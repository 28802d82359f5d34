-- `text` and `region` are searched by prefix: their order must be that of bytes, whatever the database's locale.

-- CreateTable
CREATE TABLE "identifier" (
    "node" TEXT NOT NULL,
    "text" TEXT COLLATE "C" NOT NULL,
    "provider" TEXT NOT NULL,
    "enterprise" TEXT NOT NULL,
    "industry" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "region" TEXT COLLATE "C" NOT NULL,
    "resourceType" TEXT NOT NULL,
    "serviceType" TEXT NOT NULL,
    "chip" TEXT NOT NULL,
    "gflops" BIGINT,
    "grade" TEXT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "identifier_pkey" PRIMARY KEY ("node")
);

-- CreateIndex
CREATE INDEX "identifier_text_idx" ON "identifier"("text");

-- CreateIndex
CREATE INDEX "identifier_region_text_idx" ON "identifier"("region", "text");

-- CreateIndex
CREATE INDEX "identifier_industry_text_idx" ON "identifier"("industry", "text");

-- CreateIndex
CREATE INDEX "identifier_chip_text_idx" ON "identifier"("chip", "text");

-- CreateIndex
CREATE INDEX "identifier_provider_text_idx" ON "identifier"("provider", "text");

-- CreateIndex
CREATE INDEX "lease_node_end_idx" ON "lease"("node", "end");

-- The versions of one node, out of all events (Prisma's schema can't say an index over an expression)
CREATE INDEX "chain_event_node_idx" ON "chain_event" (("args"->>'node')) WHERE "name" IN ('NodeAdded', 'NodeUpdated');

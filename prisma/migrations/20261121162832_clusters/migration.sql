-- CreateTable
CREATE TABLE "node_endpoint" (
    "node" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "at" BIGINT NOT NULL,

    CONSTRAINT "node_endpoint_pkey" PRIMARY KEY ("node")
);

-- CreateTable
CREATE TABLE "node_latency" (
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "micros" INTEGER NOT NULL,

    CONSTRAINT "node_latency_pkey" PRIMARY KEY ("from","to","at")
);

-- CreateTable
CREATE TABLE "cluster_answer" (
    "proposal" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "consent" JSONB,
    "signature" TEXT,
    "reason" TEXT,
    "at" BIGINT NOT NULL,

    CONSTRAINT "cluster_answer_pkey" PRIMARY KEY ("proposal","node")
);

-- CreateTable
CREATE TABLE "cluster_cycle" (
    "cycle" BIGINT NOT NULL,
    "decidedAt" BIGINT NOT NULL,
    "servers" INTEGER NOT NULL,
    "tasks" INTEGER NOT NULL,
    "proposed" INTEGER NOT NULL,
    "profit" DECIMAL(78,0) NOT NULL,
    "profitAlone" DECIMAL(78,0) NOT NULL,
    "milliseconds" INTEGER NOT NULL,
    "notes" JSONB NOT NULL,

    CONSTRAINT "cluster_cycle_pkey" PRIMARY KEY ("cycle")
);

-- CreateTable
CREATE TABLE "cluster_proposal" (
    "id" TEXT NOT NULL,
    "cycle" BIGINT NOT NULL,
    "resourceClass" TEXT NOT NULL,
    "className" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "members" JSONB NOT NULL,
    "widest" INTEGER NOT NULL,
    "consentBy" BIGINT NOT NULL,
    "validFrom" BIGINT NOT NULL,
    "validUntil" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "cluster" TEXT,

    CONSTRAINT "cluster_proposal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "node_endpoint_provider_idx" ON "node_endpoint"("provider");

-- CreateIndex
CREATE INDEX "cluster_proposal_cycle_idx" ON "cluster_proposal"("cycle");

-- CreateIndex
CREATE INDEX "cluster_proposal_state_idx" ON "cluster_proposal"("state");

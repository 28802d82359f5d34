-- CreateTable
CREATE TABLE "quote" (
    "id" TEXT NOT NULL,
    "consumer" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "deadline" BIGINT NOT NULL,
    "outcome" TEXT NOT NULL,
    "shared" DECIMAL(78,0) NOT NULL,
    "kept" DECIMAL(78,0) NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "quote_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quote_offer" (
    "id" TEXT NOT NULL,
    "consumer" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "breakdown" JSONB NOT NULL,
    "signature" TEXT NOT NULL,
    "validUntil" BIGINT NOT NULL,
    "orderUntil" BIGINT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quote_offer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "quote_outcome_deadline_idx" ON "quote"("outcome", "deadline");

-- CreateIndex
CREATE INDEX "quote_offer_orderUntil_idx" ON "quote_offer"("orderUntil");

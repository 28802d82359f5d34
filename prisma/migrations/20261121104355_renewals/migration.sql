-- CreateTable
CREATE TABLE "renewal" (
    "leaseId" BIGINT NOT NULL,
    "node" TEXT NOT NULL,
    "resourceClass" TEXT NOT NULL,
    "maxRate" DECIMAL(78,0) NOT NULL,
    "until" BIGINT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "renewal_pkey" PRIMARY KEY ("leaseId")
);

-- CreateIndex
CREATE INDEX "lease_parent_idx" ON "lease"("parent");

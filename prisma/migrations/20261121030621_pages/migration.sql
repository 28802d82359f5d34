-- The rows of the contracts before these: their chain is another, and the indexer fills the tables from the new one
TRUNCATE "lease", "used_nonce", "slot";

-- AlterTable
ALTER TABLE "lease" ADD COLUMN     "followsPage" BOOLEAN NOT NULL,
ADD COLUMN     "parent" BIGINT;

-- AlterTable
ALTER TABLE "slot" DROP COLUMN "matchesRoot",
DROP COLUMN "nodeCount",
DROP COLUMN "vectorsRoot";

-- AlterTable
ALTER TABLE "used_nonce" DROP CONSTRAINT "used_nonce_pkey",
ADD COLUMN     "kind" TEXT NOT NULL,
ADD CONSTRAINT "used_nonce_pkey" PRIMARY KEY ("kind", "account", "nonce");

-- CreateTable
CREATE TABLE "page" (
    "id" BIGINT NOT NULL,
    "slot" BIGINT,
    "page" INTEGER NOT NULL,
    "start" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "accounts" TEXT NOT NULL,
    "leases" TEXT NOT NULL,
    "settledUntil" BIGINT NOT NULL,
    "open" INTEGER NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,

    CONSTRAINT "page_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "page_open_idx" ON "page"("open");

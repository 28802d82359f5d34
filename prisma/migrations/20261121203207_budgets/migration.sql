-- CreateTable
CREATE TABLE "budget" (
    "account" TEXT NOT NULL,
    "perMonth" DECIMAL(78,0) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "budget_pkey" PRIMARY KEY ("account")
);

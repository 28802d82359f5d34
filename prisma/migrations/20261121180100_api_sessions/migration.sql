-- CreateTable
CREATE TABLE "sign_in_nonce" (
    "nonce" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "sign_in_nonce_pkey" PRIMARY KEY ("nonce")
);

-- CreateTable
CREATE TABLE "api_session" (
    "id" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "previousHash" TEXT,
    "rotatedAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seenAt" TIMESTAMP(3) NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "api_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "scopes" TEXT[],
    "spendPerDay" DECIMAL(78,0),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3),
    "revokedAt" TIMESTAMP(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key_spend" (
    "keyId" TEXT NOT NULL,
    "day" INTEGER NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,

    CONSTRAINT "api_key_spend_pkey" PRIMARY KEY ("keyId","day")
);

-- CreateTable
CREATE TABLE "role_grant" (
    "account" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "grantedBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "role_grant_pkey" PRIMARY KEY ("account","role")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "requestId" TEXT NOT NULL,
    "account" TEXT,
    "keyId" TEXT,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "status" INTEGER NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotent_answer" (
    "owner" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "requestHash" TEXT NOT NULL,
    "status" INTEGER,
    "body" TEXT NOT NULL DEFAULT '',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_answer_pkey" PRIMARY KEY ("owner","key")
);

-- CreateIndex
CREATE INDEX "sign_in_nonce_expiresAt_idx" ON "sign_in_nonce"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "api_session_tokenHash_key" ON "api_session"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "api_session_previousHash_key" ON "api_session"("previousHash");

-- CreateIndex
CREATE INDEX "api_session_account_idx" ON "api_session"("account");

-- CreateIndex
CREATE INDEX "api_session_expiresAt_idx" ON "api_session"("expiresAt");

-- CreateIndex
CREATE INDEX "api_key_account_idx" ON "api_key"("account");

-- CreateIndex
CREATE INDEX "audit_entry_account_id_idx" ON "audit_entry"("account", "id");

-- CreateIndex
CREATE INDEX "idempotent_answer_createdAt_idx" ON "idempotent_answer"("createdAt");

-- The audit log only ever grows. The schema language has no such rule, the migration engine cuts at every semicolon, hence \x3B.
CREATE FUNCTION "audit_entry_is_final"() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
  RAISE EXCEPTION \x27audit_entry is append-only\x27\x3B
END\x3B';
CREATE TRIGGER "audit_entry_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_entry_is_final"();

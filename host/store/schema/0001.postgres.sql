-- After 0001.sql, on PostgreSQL only: the tenant rule once more, in SQL. A
-- transaction says whose rows it may see; '*' is all of them.
DO $$
DECLARE t TEXT;
BEGIN
	FOREACH t IN ARRAY ARRAY['quotas', 'credentials', 'operations', 'resources', 'audit', 'members'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
		EXECUTE format('CREATE POLICY tenant ON %I USING (current_setting(''skyclust.workspace'', true)'
			|| ' IN (''*'', workspace_id))', t);
	END LOOP;
END $$;

DROP TABLE change_log;
DROP TABLE decision_table;

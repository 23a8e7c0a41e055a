select l.load_id
from ops.load as l inner join ops.hidden_scope as h on l.source = h.source and l.scope = h.scope;

-- The releases, the table and the scope that are compared: no row where the reader may not name them.
select
    cast(:old as text) as older,
    cast(:new as text) as newer,
    cast(:relation as text) as relation,
    cast(:scope as text) as scope
where
    cast(:relation as text) is not null
    and (
        select count(distinct l.release_version)
        from monitor.load as l
        inner join monitor.capture as c on l.load_id = c.load_id
        where l.source = :source and l.release_version in (cast(:old as text), cast(:new as text))
    ) = 2
    and (
        cast(:scope as text) is null
        or exists (
            select 1 from monitor.capture as c
            where c.source = :source and c.scope = cast(:scope as text)
        )
    )

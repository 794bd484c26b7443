;; expect: bad-message detail~=nothing was written
;; why: jumps out of 300 blocks at once
(module
  (func (export "_start")
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    block block block block block block block block block block block block block block block block block block block block block block block block block block block block block block 
    br 299
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end 
    end end end end end end end end end end end end end end end end end end end end end end end end end end end end end end ))
